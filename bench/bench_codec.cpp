// SPDX-License-Identifier: BSL-1.0
//
// What it costs to turn values into bytes and back, beside memcpy of as many bytes: batches of 64
// commands with both codecs, and the checksum. One line of JSON each; `ns` is for one batch.

#include <synod/cereal/codec.hpp>
#include <synod/codec/crc32c.hpp>
#include <synod/codec/fixed.hpp>
#include <synod/codec/values.hpp>
#include <synod/machine/kv.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace synod;
using steady = std::chrono::steady_clock;

std::uint64_t kept = 0;  // what the optimiser must not lose

// The least of several rounds, in nanoseconds for one.
template <class Do>
double time_of(Do once) {
  double least = 1e18;
  for (int round = 0; round < 7; ++round) {
    int count = 0;
    auto const begin = steady::now();
    std::chrono::duration<double, std::nano> spent{};
    do {
      for (int i = 0; i < 64; ++i) once();
      count += 64;
      spent = steady::now() - begin;
    } while (spent.count() < 10e6);
    if (spent.count() / count < least) least = spent.count() / count;
  }
  return least;
}

double copying(std::size_t bytes) {
  std::vector<std::byte> from(bytes, std::byte{1});
  std::vector<std::byte> to(bytes);
  return time_of([&] {
    std::memcpy(to.data(), from.data(), bytes);
    asm volatile("" : : "r"(to.data()) : "memory");
  });
}

void tell(char const* what, std::size_t bytes, double nanoseconds) {
  std::printf(
      "{\"bench\":\"codec\",\"what\":\"%s\",\"bytes\":%zu,\"ns\":%.0f,\"mb_per_s\":%.0f,"
      "\"ratio\":%.2f}\n",
      what, bytes, nanoseconds, static_cast<double>(bytes) * 1e3 / nanoseconds,
      nanoseconds / copying(bytes));
  std::fflush(stdout);
}

template <std::size_t Bytes>
struct entry {
  std::array<std::uint64_t, Bytes / 8> words{};
};

template <class Coder, class Command>
void measure(std::string const& name, Command const& one) {
  batch_pool<Command> pool;
  value_coder<Command, Coder> coder(pool);
  auto const made = [&] {
    auto some = pool.take();
    for (std::uint64_t i = 0; i < 64; ++i) {
      some.add(session_id(1), sequence(i + 1), sequence(), Command(one));
    }
    return some;
  };
  slot_value<Command> const example(made());
  auto const encoded = coder.encoded(example);
  std::vector<std::byte> const bytes(encoded->bytes().begin(), encoded->bytes().end());
  double const filling = time_of([&] { kept += made().size(); });
  double const both = time_of([&] {
    slot_value<Command> const fresh(made());
    kept += coder.encoded(fresh)->length;
  });
  tell((name + " (encode)").c_str(), bytes.size(), both > filling ? both - filling : 0);
  tell((name + " (decode)").c_str(), bytes.size(), time_of([&] {
         decode_allowance allowance(bytes.size());
         slot_value<Command> to;
         kept += coder.decode(bytes, allowance, to) ? 1 : 0;
       }));
}

}  // namespace

int main() {
  measure<fixed_codec>("64 fixed commands of 16 B", entry<16>());
  measure<fixed_codec>("64 fixed commands of 256 B", entry<256>());
  measure<fixed_codec>("64 fixed commands of 4 KiB", entry<4096>());
  measure<cereal_codec>("64 puts of 16 B through cereal",
                        kv::command(kv::put("some key", std::string(16, 'v'))));
  measure<cereal_codec>("64 puts of 256 B through cereal",
                        kv::command(kv::put("some key", std::string(256, 'v'))));
  for (std::size_t bytes : {64U, 4096U, 262'144U}) {
    std::vector<std::byte> const from(bytes, std::byte{1});
    std::string const name = "CRC-32C of " + std::to_string(bytes) + " B";
    tell(name.c_str(), bytes, time_of([&] { kept += crc32c(from); }));
  }
  return kept == 0 ? 1 : 0;
}
