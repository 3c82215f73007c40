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
#include <utility>
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

template <wire_integer T>
void store_word(std::byte* to, T value) {
  value = little_endian(value);
  std::memcpy(to, &value, sizeof(T));
}
template <wire_integer T>
[[nodiscard]] T load_word(std::byte const* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return little_endian(value);
}

}  // namespace detail

struct write_ahead {};

// Appends to a vector that the caller owns and reuses. To grow a vector takes longer than to write
// a field: with `write_ahead` it grows for several at once, and until the writer ends, or is asked
// for its sink, it is longer than what was written.
class wire_writer {
 public:
  explicit wire_writer(std::vector<std::byte>& into) : into_(into) {}
  wire_writer(std::vector<std::byte>& into, write_ahead) : into_(into), ahead_(ahead_bytes) {}
  wire_writer(wire_writer const&) = delete;
  wire_writer& operator=(wire_writer const&) = delete;
  ~wire_writer() { finish(); }

  template <class... Fields>
  void operator()(Fields const&... fields) {
    if constexpr ((wire_word<Fields> && ...)) {
      std::byte* at = claim((sizeof(Fields) + ... + 0));
      ((word(at, fields), at += sizeof(Fields)), ...);
    } else {
      (encode(*this, fields), ...);
    }
  }

  void bytes(std::span<std::byte const> from) { append_bytes(sink(), from); }
  // For what is written over once it is known.
  void skip(std::size_t length) { (void)claim(length); }
  // So much more will follow: the vector takes memory for it once.
  void expect(std::size_t more) {
    std::size_t const needed = position() + more;
    if (needed > into_.capacity()) sink().reserve(needed);
  }

  [[nodiscard]] std::size_t position() const {
    return at_ == nullptr ? into_.size() : static_cast<std::size_t>(at_ - into_.data());
  }
  // Overwrites what was written at a position, for lengths that are known only afterwards.
  // Requires: at + sizeof(value) <= position().
  template <wire_integer T>
  void patch(std::size_t at, T value) {
    detail::store_word(into_.data() + at, value);
  }

  // For codecs of user values, which append by themselves: exactly as long as what was written.
  [[nodiscard]] std::vector<std::byte>& sink() {
    finish();
    return into_;
  }

 private:
  static constexpr std::size_t ahead_bytes = 128;

  // Where so many bytes are written next.
  [[nodiscard]] std::byte* claim(std::size_t length) {
    if (length > static_cast<std::size_t>(end_ - at_)) return claim_more(length);
    return std::exchange(at_, at_ + length);
  }
  // Memory that is there is used first: a value keeps no more than it asked for.
  [[nodiscard, gnu::noinline]] std::byte* claim_more(std::size_t length) {
    std::size_t const before = position();
    std::size_t const needed = before + length;
    std::size_t const room = into_.capacity();
    std::size_t const ample = needed + ahead_;
    into_.resize(needed <= room && room < ample ? room : ample);
    std::byte* const at = into_.data() + before;
    if (ahead_ != 0) {
      at_ = at + length;
      end_ = into_.data() + into_.size();
    }
    return at;
  }
  void finish() {
    if (at_ == nullptr) return;
    into_.resize(position());
    at_ = end_ = nullptr;
  }

  template <wire_word T>
  static void word(std::byte* at, T const& value) {
    if constexpr (std::same_as<T, bool>) {
      detail::store_word(at, static_cast<std::uint8_t>(value));
    } else if constexpr (wire_integer<T>) {
      detail::store_word(at, value);
    } else {
      detail::store_word(at, value.value);
    }
  }

  std::vector<std::byte>& into_;
  std::size_t ahead_ = 0;
  std::byte* at_ = nullptr;   // where what was written ends, if the vector goes on
  std::byte* end_ = nullptr;  // of the vector
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
  explicit wire_reader(byte_slice const& from) : wire_reader(from.bytes()) { whole_ = &from; }
  explicit wire_reader(byte_slice&&) = delete;
  wire_reader(wire_reader const&) = delete;
  wire_reader& operator=(wire_reader const&) = delete;

  template <class... Fields>
  void operator()(Fields&... fields) {
    (decode(*this, fields), ...);
  }

  template <wire_integer T>
  [[nodiscard]] T get() {
    if (remaining() < sizeof(T)) {
      fail();
      return T{};
    }
    std::byte const* const from = at_;
    at_ += sizeof(T);
    return detail::load_word<T>(from);
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
    if (failed() || whole_ == nullptr || whole_->owner.empty()) return {};
    auto const offset = static_cast<std::uint32_t>(part.data() - whole_->owner.bytes().data());
    return {whole_->owner, offset, static_cast<std::uint32_t>(length), checksum};
  }

  // Whether a part that was read has that checksum. Where that of the whole is known, and the part
  // is long and most of it, then only what lies around it is looked at: all was when the whole was
  // compared, and with what lies around it no other checksum of the part gives that of the whole.
  [[nodiscard]] bool has_checksum(std::span<std::byte const> part, std::uint32_t checksum) const {
    if (part.size() >= crc32c_worth_joining && whole_ != nullptr &&
        part.size() > whole_->length / 2) {
      auto const all = whole_->bytes();
      auto const offset = static_cast<std::size_t>(part.data() - all.data());
      if (crc32c_around(all, {offset, part.size(), checksum}) == whole_->checksum) return true;
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
  byte_slice const* whole_ = nullptr;  // where its checksum is known
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
