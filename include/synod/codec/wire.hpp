// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/bytes.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace synod {

// The fixed codec of headers, protocol messages and records: integers of fixed width,
// little-endian, one after another. Types add themselves by two functions found through their
// namespace:
//
//   void encode(wire_writer& out, T const& value);
//   void decode(wire_reader& in, T& value);   // says in.fail() where the bytes are not a T
//
// so that a message is written and read by one line each: out(at, first, last); in(at, first,
// last).

template <class T>
concept wire_integer = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t> ||
    std::same_as<T, std::int64_t>;

// An integer under a name of its own, such as node_id or slot.
template <class T>
concept wire_named_integer = requires(T const& named) {
  requires wire_integer<std::remove_cvref_t<decltype(named.value)>>;
  requires sizeof(T) == sizeof(named.value);
};

template <class T>
concept wire_word = wire_integer<T> || wire_named_integer<T> || std::same_as<T, bool>;

namespace detail {

template <wire_integer T>
constexpr T little_endian(T value) {
  if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(value));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(value));
  } else {
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
}

}  // namespace detail

// Appends to a vector that the caller owns and reuses.
class wire_writer {
 public:
  explicit wire_writer(std::vector<std::byte>& into) : into_(into) {}

  template <class... Fields>
  void operator()(Fields const&... fields) {
    if constexpr ((wire_word<Fields> && ...)) {
      // Fields of known width grow the vector once.
      std::size_t at = into_.size();
      into_.resize(at + (sizeof(Fields) + ... + 0));
      ((word(at, fields), at += sizeof(Fields)), ...);
    } else {
      (encode(*this, fields), ...);
    }
  }

  void bytes(std::span<std::byte const> from) { append_bytes(into_, from); }

  [[nodiscard]] std::size_t position() const { return into_.size(); }
  // Overwrites what was written at a position, for lengths that are known only afterwards.
  // Requires: at + sizeof(value) <= position().
  template <wire_integer T>
  void patch(std::size_t at, T value) {
    T const stored = detail::little_endian(value);
    std::memcpy(into_.data() + at, &stored, sizeof(T));
  }

  // For codecs of user values, which append by themselves.
  [[nodiscard]] std::vector<std::byte>& sink() { return into_; }

 private:
  template <wire_word T>
  void word(std::size_t at, T const& value) {
    if constexpr (std::same_as<T, bool>) {
      patch(at, static_cast<std::uint8_t>(value));
    } else if constexpr (wire_integer<T>) {
      patch(at, value);
    } else {
      patch(at, value.value);
    }
  }

  std::vector<std::byte>& into_;
};

// How much memory the decoding of some input may take beyond the input itself: three times its
// length and 32 KiB, so that with a copy of the input it stays within 4 x input + 64 KiB. Whoever
// is about to allocate on the word of the input asks here first.
class decode_allowance {
 public:
  static constexpr std::size_t free_bytes = std::size_t{32} << 10;

  explicit constexpr decode_allowance(std::size_t input_length)
      : left_(3 * input_length + free_bytes) {}

  // Returns: whether `count` elements of `size` bytes may be allocated.
  [[nodiscard]] constexpr bool take(std::size_t count, std::size_t size) {
    if (size != 0 && count > left_ / size) return false;
    left_ -= count * size;
    return true;
  }

 private:
  std::size_t left_;
};

// Reads hostile bytes. It never reads past them; the first thing that does not fit makes it fail
// for good, after which everything reads as zero, so that one question at the end is enough.
class wire_reader {
 public:
  explicit wire_reader(std::span<std::byte const> bytes) : wire_reader(bytes, own_allowance_) {
    own_allowance_ = decode_allowance(bytes.size());
  }
  // A part of some larger input, which shares the allowance of the whole.
  wire_reader(std::span<std::byte const> bytes, decode_allowance& whole)
      : at_(bytes.data()), end_(at_ + bytes.size()), allowance_(&whole) {}
  // Of bytes that are shared, parts may be kept: see `slice`. Their checksum was compared.
  explicit wire_reader(byte_slice const& from) : wire_reader(from.bytes()) {
    owner_ = from.owner;
    whole_ = from.bytes();
    whole_checksum_ = from.checksum;
  }
  wire_reader(wire_reader const&) = delete;
  wire_reader& operator=(wire_reader const&) = delete;

  template <class... Fields>
  void operator()(Fields&... fields) {
    (decode(*this, fields), ...);
  }

  template <wire_integer T>
  [[nodiscard]] T get() {
    T value{};
    if (remaining() < sizeof(T)) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return detail::little_endian(value);
  }

  // Empty, and failed, if there are not that many.
  [[nodiscard]] std::span<std::byte const> bytes(std::size_t length) {
    if (length > remaining()) {
      fail();
      return {};
    }
    std::byte const* const from = at_;
    at_ += length;
    return {from, length};
  }

  // The same bytes, kept alive by the slice where they are shared, without an owner otherwise.
  [[nodiscard]] byte_slice slice(std::size_t length, std::uint32_t checksum) {
    auto const part = bytes(length);
    if (failed() || owner_.empty()) return {};
    auto const offset = static_cast<std::uint32_t>(part.data() - owner_.bytes().data());
    return {owner_, offset, static_cast<std::uint32_t>(length), checksum};
  }

  // Whether a part that was read has that checksum. Where that of the whole is known, and the part
  // is most of it, then only what lies around it is looked at: all of it was when the whole was
  // compared, and with what lies around it no other checksum of the part gives that of the whole.
  [[nodiscard]] bool has_checksum(std::span<std::byte const> part, std::uint32_t checksum) const {
    if (!whole_.empty() && part.size() > whole_.size() / 2) {
      auto const offset = static_cast<std::size_t>(part.data() - whole_.data());
      if (crc32c_around(whole_, {offset, part.size(), checksum}) == whole_checksum_) return true;
    }
    return crc32c(part) == checksum;
  }

  // A number of elements, each of which takes at least `smallest` bytes here (at least 1) and
  // `memory` bytes once decoded: refused before anything is allocated for them.
  [[nodiscard]] std::uint32_t count(std::size_t smallest, std::size_t memory) {
    auto const found = get<std::uint32_t>();
    bool const fits = found <= remaining() / smallest && allowance_->take(found, memory);
    if (!fits && !SYNOD_MUTATION(counts_unbounded)) {
      fail();
      return 0;
    }
    return found;
  }

  [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  // What was not read yet, without reading it.
  [[nodiscard]] std::span<std::byte const> rest() const { return {at_, remaining()}; }
  [[nodiscard]] bool failed() const { return failed_; }
  // Everything was read and nothing is left over.
  [[nodiscard]] bool finished() const { return !failed_ && at_ == end_; }
  void fail() {
    failed_ = true;
    at_ = end_;
  }

  [[nodiscard]] decode_allowance& allowance() { return *allowance_; }

 private:
  std::byte const* at_;
  std::byte const* end_;
  shared_bytes owner_;
  std::span<std::byte const> whole_;  // where its checksum is known
  std::uint32_t whole_checksum_ = 0;
  decode_allowance own_allowance_{0};
  decode_allowance* allowance_;
  bool failed_ = false;
};

// Words, by the same two functions.
template <wire_word T>
void encode(wire_writer& out, T const& value) {
  out(value);
}
template <wire_word T>
void decode(wire_reader& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    auto const found = in.get<std::uint8_t>();
    if (found > 1) in.fail();
    value = found == 1;
  } else if constexpr (wire_integer<T>) {
    value = in.get<T>();
  } else {
    value.value = in.get<decltype(value.value)>();
  }
}

}  // namespace synod
