// SPDX-License-Identifier: BSL-1.0
//
// The core alone: three replicas in one thread, storage that is durable at once, frames passed as
// values; every entry is decided and applied on all three. What an operation includes is what
// bench/floor includes, plus everything a real core has to check.
//
//   bench_core --json --protocol multi_paxos --payload 16 --batch 64 --count 10000000
//
// prints one JSON line; beside it in the same run belongs `floor_core 16 64 10000000 4096`. The log
// is trimmed every 4,096 entries, or every --trim of them, 0 for never, so that what is measured is
// a steady state. Another batch is proposed in the turn in which the leader has decided all but
// --in-flight less one of those before, as a host does whose clients always have more. Without
// --json it runs under Google Benchmark.

#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/drain.hpp>

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>
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

  explicit trio(std::size_t in_flight = 1) : in_flight_(in_flight) {
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
      replicas_.emplace_back(this, node_id(i), std::move(options));
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
      settle();
    }
    if (!replicas_[0].core.leads()) std::abort();
  }

  void commit(std::size_t count, std::uint64_t& key) {
    batch<typename machine_type::command> made = pool_.take();
    auto& commands = made.commands();
    commands.reserve(count);
    for (std::size_t i = 0; i < count; ++i, ++key) {
      auto& one = commands.add();
      if constexpr (Payload > 16) std::memset(one.bytes.data(), 1, Payload);
      std::memcpy(one.bytes.data(), &key, 8);
    }
    made.origins().push_back({session_id(1), sequence(key), sequence(), std::uint16_t{0},
                              static_cast<std::uint16_t>(count)});
    auto& leader = replicas_[0];
    if (leader.core.propose(now_, std::move(made), leader.out)) std::abort();
    leader.turn();
    if (pipeline_is_full()) {
      while (deliver(true)) continue;
    }
  }

  // Until nobody has anything to say.
  void settle() {
    replicas_[0].turn();
    while (!wire_.empty()) (void)deliver(false);
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
  // As a frame is: made once, however many it is for.
  struct flight {
    node_id from;
    node_set to;
    message_type message;
  };

  struct replica {
    replica(trio* whole, node_id self, typename core_type::options given)
        : all(whole), me(self), core(std::move(given)) {}

    trio* all;
    node_id me;
    core_type core;
    typename core_type::output_type out;
    drain<core_type> order;
    machine_type machine;
    std::uint64_t applied = 0;
    ticket written;

    void turn() { (void)order.turn(all->now_, core, out, *this); }

    void send(node_set to, message_type&& message) { all->wire_.add(me, to, std::move(message)); }
    void persist(std::span<record<typename machine_type::command> const> records) {
      written = records.back().number;
    }
    void flush() {}
    ticket durable() const { return written; }
    bool storage_failed() const { return false; }
    void decide(typename core_type::output_type::decision const& one) {
      if (!one.value.is_batch()) return;
      auto const commands = one.value.commands();
      for (auto const& command : commands) machine.apply(command);
      applied += commands.size();
      one.value.release_commands();
    }
    void refuse(refused_proposal<typename machine_type::command> const&) { std::abort(); }
    void answer(read_answer const&) {}
    void notify(core_event const&) {}
  };

  [[nodiscard]] bool pipeline_is_full() const {
    core_type const& leader = replicas_[0].core;
    return leader.last_proposed() - leader.chosen_upto() >= in_flight_;
  }

  // Delivers what is on its way, in the order of sending. As a host does, every replica gives its
  // core what has arrived and then takes one turn; where more is to be proposed and there is room
  // again, the leader's begins with that. Returns whether there is none.
  bool deliver(bool more) {
    wire_.swap(arriving_);
    std::uint64_t carried = 0;
    arriving_.consume([&](flight const& one) {
      heard_ = heard_ | one.to;
      one.to.for_each([&](node_index at) {
        replica& to = replicas_[at.value];
        to.core.step(now_, one.from, one.message, to.out);
        ++carried;
      });
    });
    messages_ += carried;
    bool const full = pipeline_is_full();
    if (more && !full) heard_.erase(node_index(0));
    heard_.for_each([&](node_index at) { replicas_[at.value].turn(); });
    heard_.clear();
    return full;
  }

  std::size_t in_flight_;
  batch_pool<typename machine_type::command> pool_;
  std::vector<replica> replicas_;
  time_ns now_ = 1;
  std::uint64_t messages_ = 0;
  list<flight> wire_;
  list<flight> arriving_;
  node_set heard_;  // who has a turn to take
};

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct job {
  std::size_t batch = 1;
  std::uint64_t count = 1'000'000;
  std::uint64_t trim = 4096;  // entries between two trims
  std::size_t in_flight = 1;  // batches
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
    value.release_commands();  // as if it were applied
  }
  std::size_t const after = mallinfo2().uordblks;
  return static_cast<double>(after - before) / static_cast<double>(entries);
}

template <std::size_t Payload>
void run(job const& what) {
  trio<Payload> all(what.in_flight);
  std::uint64_t key = 0;
  std::uint64_t trimmed = 0;
  auto const decide_one = [&] {
    all.commit(what.batch, key);
    if (what.trim != 0 && key - trimmed >= what.trim) {
      trimmed = key;
      all.trim();
    }
  };
  // Until the batches and chunks that trimming gives back are those that are taken again.
  for (int i = 0; i < 1000 || key < 4 * what.trim; ++i) decide_one();
  std::vector<float> latencies;
  latencies.reserve(what.count / what.batch + 1);
  std::uint64_t const allocated = allocations;
  std::uint64_t const start = key;
  std::uint64_t const sent = all.messages();
  double const begun = seconds();
  for (std::uint64_t i = 0; key - start < what.count; ++i) {
    bool const sampled = (i & 31) == 0;
    double const from = sampled ? seconds() : 0;
    decide_one();
    if (sampled) latencies.push_back(static_cast<float>((seconds() - from) * 1e6));
  }
  all.settle();
  double const took = seconds() - begun;
  auto const done = static_cast<double>(key - start);
  double const allocated_per_op = static_cast<double>(allocations - allocated) / done;
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
      "\"in_flight\":%zu,\"chk\":%llu}\n",
      Payload, what.batch, done / took, took * 1e9 / done, latencies[latencies.size() / 2],
      latencies[latencies.size() * 99 / 100], allocated_per_op,
      bytes_per_entry<Payload>(what.batch), static_cast<double>(all.messages() - sent) / done,
      static_cast<unsigned long long>(what.trim), what.in_flight,
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

[[noreturn]] void refuse(char const* what, char const* given, char const* remedy) {
  std::fprintf(stderr, "bench_core: %s %s: %s\n", what, given, remedy);
  std::exit(2);
}

// The value of the option at `argv[i]`, which moves on to it.
char const* value_of(int argc, char** argv, int& i) {
  if (i + 1 >= argc) refuse("nothing follows", argv[i], "give a value");
  return argv[++i];
}

std::uint64_t number_of(int argc, char** argv, int& i, std::uint64_t least, std::uint64_t most) {
  char const* const option = argv[i];
  char const* const text = value_of(argc, argv, i);
  char const* const end = text + std::strlen(text);
  std::uint64_t number = 0;
  auto const read = std::from_chars(text, end, number);
  if (read.ec != std::errc() || read.ptr != end || number < least || number > most) {
    std::fprintf(stderr, "bench_core: %s %s: give a whole number from %llu to %llu\n", option, text,
                 static_cast<unsigned long long>(least), static_cast<unsigned long long>(most));
    std::exit(2);
  }
  return number;
}

int run_json(int argc, char** argv) {
  std::uint64_t payload = 16;
  job what;
  for (int i = 1; i < argc; ++i) {
    std::string_view const option = argv[i];
    if (option == "--json") continue;
    if (option == "--protocol") {
      std::string_view const protocol = value_of(argc, argv, i);
      if (protocol != "multi_paxos") refuse("--protocol", argv[i], "there is multi_paxos");
    } else if (option == "--payload") {
      payload = number_of(argc, argv, i, 1, 4096);
    } else if (option == "--batch") {
      what.batch = number_of(argc, argv, i, 1, batch_commands_max);
    } else if (option == "--count") {
      what.count = number_of(argc, argv, i, 1, 1'000'000'000'000);
    } else if (option == "--trim") {
      what.trim = number_of(argc, argv, i, 0, 1'000'000'000'000);
    } else if (option == "--in-flight") {
      what.in_flight = number_of(argc, argv, i, 1, 64);
    } else {
      refuse("unknown option", argv[i],
             "there are --protocol, --payload, --batch, --count, --trim, --in-flight");
    }
  }
  switch (payload) {
    case 16: run<16>(what); return 0;
    case 256: run<256>(what); return 0;
    case 4096: run<4096>(what); return 0;
    default: break;
  }
  std::fprintf(stderr, "bench_core: --payload %llu: there are 16, 256 and 4096\n",
               static_cast<unsigned long long>(payload));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") return run_json(argc, argv);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    std::fprintf(stderr,
                 "bench_core: --protocol, --payload, --batch, --count and others need --json\n");
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
}
