// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace synod {

namespace detail::crc {

inline constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli, lowest power in the top bit

// Tables for eight bytes at a time, for a processor without the instruction: made when it asks for
// them, since to make them takes a compiler longer than all else that is here.
struct tables {
  std::uint32_t at[8][256];

  tables() {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t rest = byte;
      for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? polynomial : 0);
      at[0][byte] = rest;
    }
    for (std::size_t distance = 1; distance < 8; ++distance) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        std::uint32_t const rest = at[distance - 1][byte];
        at[distance][byte] = (rest >> 8) ^ at[0][rest & 0xff];
      }
    }
  }
};

template <class Word>
Word load(std::byte const* from) {
  Word word;
  std::memcpy(&word, from, sizeof(Word));
  return word;
}

[[gnu::noinline]] inline std::uint32_t with_table(std::uint32_t seed, std::byte const* from,
                                                  std::size_t length) {
  static tables const table;
  std::uint32_t rest = ~seed;
  if constexpr (std::endian::native == std::endian::little) {
    for (; length >= 8; length -= 8, from += 8) {
      std::uint64_t const word = load<std::uint64_t>(from) ^ rest;
      rest = 0;
      for (unsigned at = 0; at < 8; ++at) rest ^= table.at[7 - at][word >> (8 * at) & 0xff];
    }
  }
  for (; length != 0; --length, ++from) {
    rest = (rest >> 8) ^ table.at[0][(rest ^ std::to_integer<std::uint32_t>(*from)) & 0xff];
  }
  return ~rest;
}

// The product of two polynomials, modulo that of the checksum and in its bit order.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t made = 0;
  for (; a != 0; a <<= 1) {
    if ((a & 0x80000000) != 0) made ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? polynomial : 0);
  }
  return made;
}

// What a checksum is multiplied by when it moves on over 1, 2, 4, 8, ... zero bytes: each is the
// square of the one before, and the square of the last is the first.
inline constexpr std::uint32_t moves[31] = {
    0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c, 0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7,
    0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a, 0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
    0xfe7740e6, 0xf946610b, 0x3c204f8f, 0x538586e3, 0x59726915, 0x734d5309, 0xbc1ac763, 0x7d0722cc,
    0xd289cabe, 0xe94ca9bc, 0x05b74f3f, 0xa51e1f42, 0x40000000, 0x20000000, 0x08000000};

#if defined(__GNUC__) && defined(__x86_64__)

// Likewise x to the power 8 * bytes - 33, for 1, 2, 4, 8, ... bytes: a carry-less product of two
// reflected words is off by one bit, and the crc instruction multiplies by x^32.
inline constexpr std::uint32_t moves_less[31] = {
    0xbf818109, 0x780d5a4d, 0x05ec76f1, 0x00000001, 0x493c7d27, 0xba4fc28e, 0x9e4addf8, 0x0d3b6092,
    0xb9e02b86, 0xdd7e3b0c, 0x170076fa, 0xa51b6135, 0x82f89c77, 0x54a86326, 0x1dc403cc, 0x5ae703ab,
    0xc5013a36, 0xac2ac6dd, 0x9b4615a9, 0x688d1c61, 0xf6af14e6, 0xb6ffe386, 0xb717425b, 0x478b0d30,
    0x54cc62e5, 0x7b2102ee, 0x8a99adef, 0xa7568c8f, 0xd610d67e, 0x6b086b3f, 0xd94f3c0b};

using two_words = long long __attribute__((vector_size(16)));

[[gnu::target("sse4.2,pclmul")]] inline std::uint64_t moved(std::uint64_t rest, std::uint32_t by) {
  two_words const left{static_cast<long long>(rest), 0};
  two_words const right{by, 0};
  two_words const product = __builtin_ia32_pclmulqdq128(left, right, 0);
  return __builtin_ia32_crc32di(0, static_cast<unsigned long long>(product[0]));
}
// The checksum `rest` as it would be after so many further zero bytes.
template <std::size_t Bytes>
[[gnu::target("sse4.2,pclmul")]] inline std::uint64_t shifted(std::uint64_t rest) {
  static_assert(std::has_single_bit(Bytes));
  return moved(rest, moves_less[std::countr_zero(Bytes)]);
}
[[gnu::target("sse4.2,pclmul")]] inline std::uint32_t shifted_with_instruction(
    std::uint32_t rest, std::uint64_t bytes) {
  std::uint64_t made = rest;
  for (std::size_t at = 0; bytes != 0; bytes >>= 1, at = at == 30 ? 0 : at + 1) {
    if ((bytes & 1) != 0) made = moved(made, moves_less[at]);
  }
  return static_cast<std::uint32_t>(made);
}

// The instruction takes three cycles and one may start in each, so three streams run side by side.
template <std::size_t Bytes>
[[gnu::target("sse4.2,pclmul")]] inline std::uint64_t three_streams(std::uint64_t rest,
                                                                    std::byte const*& from,
                                                                    std::size_t& length) {
  while (length >= 3 * Bytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t at = 0; at < Bytes; at += 8) {
      rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from + at));
      second = __builtin_ia32_crc32di(second, load<std::uint64_t>(from + Bytes + at));
      third = __builtin_ia32_crc32di(third, load<std::uint64_t>(from + 2 * Bytes + at));
    }
    rest = shifted<2 * Bytes>(rest) ^ shifted<Bytes>(second) ^ third;
    from += 3 * Bytes;
    length -= 3 * Bytes;
  }
  return rest;
}

[[gnu::target("sse4.2,pclmul")]] inline std::uint32_t with_instruction(std::uint32_t seed,
                                                                       std::byte const* from,
                                                                       std::size_t length) {
  std::uint64_t rest = ~seed;
  if (length >= 3 * 64) {
    rest = three_streams<1024>(rest, from, length);
    rest = three_streams<64>(rest, from, length);
  }
  // Most of what is looked at is a header or a message: short, so that counting word by word would
  // be half of the work.
  for (std::byte const* const stop = from + (length & ~std::size_t{31}); from != stop; from += 32) {
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from));
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from + 8));
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from + 16));
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from + 24));
  }
  if ((length & 16) != 0) {
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from));
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from + 8));
    from += 16;
  }
  if ((length & 8) != 0) {
    rest = __builtin_ia32_crc32di(rest, load<std::uint64_t>(from));
    from += 8;
  }
  auto last = static_cast<std::uint32_t>(rest);
  if ((length & 4) != 0) {
    last = __builtin_ia32_crc32si(last, load<std::uint32_t>(from));
    from += 4;
  }
  if ((length & 2) != 0) {
    last = __builtin_ia32_crc32hi(last, load<std::uint16_t>(from));
    from += 2;
  }
  if ((length & 1) != 0) last = __builtin_ia32_crc32qi(last, load<std::uint8_t>(from));
  return ~last;
}

inline bool has_instruction() {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

#elif defined(__GNUC__) && defined(__aarch64__) && \
    (defined(__linux__) || defined(__ARM_FEATURE_CRC32))

// Written as assembly since the intrinsics cannot be used without a flag for the whole program.
inline std::uint32_t with_instruction(std::uint32_t seed, std::byte const* from,
                                      std::size_t length) {
  std::uint32_t rest = ~seed;
  for (; length >= 8; length -= 8, from += 8) {
    asm(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1"
        : "+r"(rest)
        : "r"(load<std::uint64_t>(from)));
  }
  for (; length != 0; --length, ++from) {
    asm(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1"
        : "+r"(rest)
        : "r"(std::to_integer<std::uint32_t>(*from)));
  }
  return ~rest;
}

// Asks the processor; Linux answers for it since 4.11. A compiler that was told knows already.
inline bool has_instruction() {
#ifdef __ARM_FEATURE_CRC32
  return true;
#else
  static bool const found = [] {
    std::uint64_t features = 0;
    asm("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
    return (features >> 16 & 15) != 0;
  }();
  return found;
#endif
}

#else

inline std::uint32_t with_instruction(std::uint32_t seed, std::byte const* from,
                                      std::size_t length) {
  return with_table(seed, from, length);
}
inline bool has_instruction() { return false; }

#endif

}  // namespace detail::crc

// CRC-32C of the bytes, continued from `seed`: crc32c(b, crc32c(a)) is the checksum of a then b.
// Uses the processor's instruction where it has one, found out at run time: one binary serves all.
inline std::uint32_t crc32c(std::span<std::byte const> bytes, std::uint32_t seed = 0) {
  return detail::crc::has_instruction()
             ? detail::crc::with_instruction(seed, bytes.data(), bytes.size())
             : detail::crc::with_table(seed, bytes.data(), bytes.size());
}

// Of a single byte that is known when this is compiled.
constexpr std::uint32_t crc32c_of(std::uint8_t byte) {
  std::uint32_t rest = 0xffffffff ^ byte;
  for (int bit = 0; bit < 8; ++bit) {
    rest = (rest >> 1) ^ ((rest & 1) != 0 ? detail::crc::polynomial : 0);
  }
  return ~rest;
}

// The checksum of bytes whose first part has the checksum `first` and whose second part, that long,
// has the checksum `second`: without looking at them.
constexpr std::uint32_t crc32c_joined(std::uint32_t first, std::uint32_t second,
                                      std::uint64_t second_length) {
#if defined(__GNUC__) && defined(__x86_64__)
  if (!__builtin_is_constant_evaluated() && detail::crc::has_instruction()) {
    return detail::crc::shifted_with_instruction(first, second_length) ^ second;
  }
#endif
  for (std::size_t at = 0; second_length != 0; second_length >>= 1, at = at == 30 ? 0 : at + 1) {
    if ((second_length & 1) != 0) first = detail::crc::product(detail::crc::moves[at], first);
  }
  return first ^ second;
}

// A part of some bytes, and its checksum.
struct summed_part {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::uint32_t checksum = 0;
};

// Below this it takes no longer to look at the bytes again than to join two checksums.
inline constexpr std::size_t crc32c_worth_joining = std::size_t{16} << 10;

// The checksum of all the bytes, of which that of a part is known: where the part is long, it is
// not looked at again.
inline std::uint32_t crc32c_around(std::span<std::byte const> all, summed_part const& part) {
  bool const within = part.offset <= all.size() && part.length <= all.size() - part.offset;
  if (!within || part.length < crc32c_worth_joining) return crc32c(all);
  std::uint32_t const before = crc32c(all.first(part.offset));
  return crc32c(all.subspan(part.offset + part.length),
                crc32c_joined(before, part.checksum, part.length));
}

}  // namespace synod
