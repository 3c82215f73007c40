// SPDX-License-Identifier: BSL-1.0
//
// The core alone: three replicas in one thread, storage that is durable at once, frames passed as
// values; every entry is decided and applied on all three. What an operation includes is what
// bench/floor includes, plus everything a real core has to check.
//
//   bench_core --json --protocol multi_paxos --payload 16 --batch 64 --count 10000000 [--trim 0]
//
// prints one JSON line. Without --json it runs under Google Benchmark.

#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/drain.hpp>

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

std::uint64_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const made = std::malloc(size)) return made;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* gone) noexcept { std::free(gone); }
[[gnu::noinline]] void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }

namespace {

using namespace synod;

template <std::size_t Payload>
struct entry {
  std::array<unsigned char, Payload> bytes;
};

template <std::size_t Payload>
struct sum_machine {
  using command = entry<Payload>;
  std::uint64_t sum = 0;
  void apply(command const& one) { sum += one.bytes[0]; }
};

// Three replicas and the messages between them. Each plays the host of its core.
template <std::size_t Payload>
class trio {
 public:
  using machine_type = sum_machine<Payload>;
  using core_type = multi_paxos<>::core<machine_type>;
  using message_type = typename core_type::message_type;

  trio() {
    std::vector<member> members;
    for (std::uint8_t i = 0; i < 3; ++i) {
      members.push_back({.id = node_id(i), .index = node_index(i)});
    }
    membership const all = *membership::make(config_number(1), members);
    replicas_.reserve(3);
    for (std::uint8_t i = 0; i < 3; ++i) {
      typename core_type::options options;
      options.self = node_id(i);
      options.members = all;
      options.resend_ns = never / 4;
      options.leader.patience = i == 0 ? 0 : 1'000'000;
      replicas_.emplace_back(this, node_index(i), std::move(options));
    }
    for (auto& one : replicas_) {
      one.core.start(now_, {}, one.out);
      one.turn();
    }
    for (int i = 0; i < 1000 && !replicas_[0].core.leads(); ++i) {
      now_ += 10'000'000;
      for (auto& one : replicas_) {
        one.core.tick(now_, one.out);
        one.turn();
      }
      pump();
    }
    if (!replicas_[0].core.leads()) std::abort();
  }

  void commit(std::size_t count, std::uint64_t& key) {
    batch<typename machine_type::command> made = pool_.take();
    auto& commands = made.commands();
    commands.reserve(count);
    for (std::size_t i = 0; i < count; ++i, ++key) {
      auto& one = commands.emplace_back();
      if constexpr (Payload > 16) std::memset(one.bytes.data(), 1, Payload);
      std::memcpy(one.bytes.data(), &key, 8);
    }
    made.origins().push_back(
        {session_id(1), sequence(key), sequence(), 0, static_cast<std::uint16_t>(count)});
    auto& leader = replicas_[0];
    if (leader.core.propose(now_, std::move(made), leader.out)) std::abort();
    leader.turn();
    pump();
  }

  void trim() {
    for (auto& one : replicas_) {
      (void)one.core.request(now_, snapshotted{one.core.chosen_upto()}, one.out);
      one.turn();
    }
  }

  [[nodiscard]] std::array<std::uint64_t, 3> applied() const {
    return {replicas_[0].applied, replicas_[1].applied, replicas_[2].applied};
  }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t checksum() const {
    return replicas_[0].machine.sum + replicas_[1].machine.sum + replicas_[2].machine.sum;
  }

 private:
  struct flight {
    node_index from;
    node_set to;
    message_type message;
  };

  struct replica {
    replica(trio* whole, node_index at, typename core_type::options given)
        : all(whole), me(at), core(std::move(given)) {}

    trio* all;
    node_index me;
    core_type core;
    typename core_type::output_type out;
    drain<core_type> order;
    machine_type machine;
    std::uint64_t applied = 0;
    ticket written;

    void turn() { (void)order.turn(all->now_, core, out, *this); }

    void send(node_set to, message_type&& message) {
      all->wire_.emplace_back(me, to, std::move(message));
    }
    void persist(std::span<record<typename machine_type::command> const> records) {
      written = records.back().number;
    }
    void flush() {}
    ticket durable() const { return written; }
    bool storage_failed() const { return false; }
    void decide(typename core_type::output_type::decision const& one) {
      if (!one.value.is_batch()) return;
      for (auto const& command : one.value.commands()) machine.apply(command);
      applied += one.value.commands().size();
    }
    void refuse(refused_proposal<typename machine_type::command> const&) { std::abort(); }
    void answer(read_answer const&) {}
    void notify(core_event const&) {}
  };

  // Delivers in the order of sending, until nobody has anything to say. A host gives its core what
  // has arrived and then takes one turn. Every receiver gets a message of its own.
  void pump() {
    while (!wire_.empty()) {
      wire_.swap(arriving_);
      node_set heard;
      for (flight& one : arriving_) {
        heard = heard | one.to;
        node_set left = one.to;
        one.to.for_each([&](node_index to) {
          left.erase(to);
          if (left.empty()) {
            deliver(one.from, to, std::move(one.message));
          } else {
            deliver(one.from, to, message_type(one.message));
          }
        });
      }
      arriving_.clear();
      heard.for_each([&](node_index one) { replicas_[one.value].turn(); });
    }
  }

  void deliver(node_index from, node_index to, message_type&& message) {
    ++messages_;
    replica& at = replicas_[to.value];
    at.core.step(now_, node_id(from.value), std::move(message), at.out);
  }

  batch_pool<typename machine_type::command> pool_;
  std::vector<replica> replicas_;
  std::vector<flight> wire_;
  std::vector<flight> arriving_;
  time_ns now_ = 1;
  std::uint64_t messages_ = 0;
};

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct job {
  std::size_t batch = 1;
  std::uint64_t count = 1'000'000;
  std::uint64_t trim = 0;
};

// What one more retained entry costs on one replica: measured by retaining a log of one core whose
// peers are silent, so that values are not shared between replicas as they are here otherwise.
template <std::size_t Payload>
double bytes_per_entry(std::size_t batch_size) {
  using machine_type = sum_machine<Payload>;
  std::uint64_t const entries = batch_size * 4096;
  acceptor<typename machine_type::command> log;
  batch_pool<typename machine_type::command> pool;
  std::size_t const before = mallinfo2().uordblks;
  std::uint64_t key = 0;
  for (std::uint64_t at = 1; at <= 4096; ++at) {
    auto made = pool.take();
    made.commands().reserve(batch_size);
    made.origins().reserve(batch_size < 4 ? batch_size : 4);
    for (std::size_t i = 0; i < batch_size; ++i) {
      std::uint64_t const session = 1 + i * 4 / batch_size;
      made.add(session_id(session), sequence(++key), sequence(), {});
    }
    slot_value<typename machine_type::command> value(std::move(made));
    (void)log.on_accept({1, 1, node_id(0)}, slot(at), value);
  }
  std::size_t const after = mallinfo2().uordblks;
  return static_cast<double>(after - before) / static_cast<double>(entries);
}

template <std::size_t Payload>
void run(job const& what) {
  trio<Payload> all;
  std::uint64_t key = 0;
  std::uint64_t trimmed = 0;
  std::vector<float> latencies;
  latencies.reserve(what.count / what.batch + 1);
  auto const warm = [&] {
    for (int i = 0; i < 1000; ++i) all.commit(what.batch, key);
  };
  warm();
  std::uint64_t const allocated = allocations;
  std::uint64_t const start = key;
  std::uint64_t const sent = all.messages();
  double const begun = seconds();
  for (std::uint64_t i = 0; key - start < what.count; ++i) {
    bool const sampled = (i & 31) == 0;
    double const from = sampled ? seconds() : 0;
    all.commit(what.batch, key);
    if (what.trim != 0 && key - trimmed >= what.trim) {
      trimmed = key;
      all.trim();
    }
    if (sampled) latencies.push_back(static_cast<float>((seconds() - from) * 1e6));
  }
  double const took = seconds() - begun;
  std::uint64_t const done = key - start;
  double const allocated_per_op =
      static_cast<double>(allocations - allocated) / static_cast<double>(done);
  for (std::uint64_t one : all.applied()) {
    if (one != key) {
      std::printf("a replica applied %llu of %llu\n", static_cast<unsigned long long>(one),
                  static_cast<unsigned long long>(key));
      std::exit(1);
    }
  }
  std::sort(latencies.begin(), latencies.end());
  std::printf(
      "{\"peer\":\"synod-core\",\"protocol\":\"multi_paxos\",\"payload\":%zu,\"batch\":%zu,"
      "\"durable\":false,\"ops_per_s\":%.0f,\"ns_per_op\":%.2f,\"p50_us\":%.3f,\"p99_us\":%.3f,"
      "\"allocations_per_op\":%.5f,\"bytes_per_entry\":%.1f,\"msgs_per_op\":%.2f,\"trim\":%llu,"
      "\"chk\":%llu}\n",
      Payload, what.batch, static_cast<double>(done) / took, took * 1e9 / static_cast<double>(done),
      latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100], allocated_per_op,
      bytes_per_entry<Payload>(what.batch),
      static_cast<double>(all.messages() - sent) / static_cast<double>(done),
      static_cast<unsigned long long>(what.trim),
      static_cast<unsigned long long>(all.checksum() & 1));
}

template <std::size_t Payload>
void decide(benchmark::State& state) {
  trio<Payload> all;
  std::uint64_t key = 0;
  auto const size = static_cast<std::size_t>(state.range(0));
  std::uint64_t since = 0;
  for (auto _ : state) {
    all.commit(size, key);
    if (++since == 4096) {
      since = 0;
      all.trim();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(key));
}
BENCHMARK(decide<16>)->Arg(1)->Arg(64);
BENCHMARK(decide<256>)->Arg(1)->Arg(64);
BENCHMARK(decide<4096>)->Arg(1);

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::size_t payload = 16;
  job what;
  std::string protocol = "multi_paxos";
  for (int i = 1; i < argc; ++i) {
    std::string const option = argv[i];
    auto const number = [&]() -> std::uint64_t {
      if (i + 1 >= argc) {
        std::fprintf(stderr, "bench_core: %s needs a number\n", option.c_str());
        std::exit(2);
      }
      return std::strtoull(argv[++i], nullptr, 10);
    };
    if (option == "--json") {
      json = true;
    } else if (option == "--payload") {
      payload = number();
    } else if (option == "--batch") {
      what.batch = number();
    } else if (option == "--count") {
      what.count = number();
    } else if (option == "--trim") {
      what.trim = number();
    } else if (option == "--protocol" && i + 1 < argc) {
      protocol = argv[++i];
    }
  }
  if (!json) {
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  }
  if (protocol != "multi_paxos" || what.batch == 0 || what.batch > batch_commands_max ||
      what.count == 0) {
    std::fprintf(stderr,
                 "bench_core: --protocol multi_paxos, --batch 1..65535 and --count above 0\n");
    return 2;
  }
  switch (payload) {
    case 16: run<16>(what); break;
    case 256: run<256>(what); break;
    case 4096: run<4096>(what); break;
    default: std::fprintf(stderr, "bench_core: --payload 16, 256 or 4096\n"); return 2;
  }
}
