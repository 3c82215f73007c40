// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/wire.hpp>
#include <synod/core/list.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synod {

// A codec all of whose values have one length, and which can do many at once.
template <class T, class Value>
concept bulk_codec = requires(T& coder, std::vector<std::byte>& into, std::span<Value const> from,
                              std::span<Value> to, std::span<std::byte const> bytes) {
  { T::template encoded_length<Value> } -> std::convertible_to<std::size_t>;
  coder.encode_all(from, into);
  { coder.decode_all(bytes, to) } -> std::same_as<bool>;
};

// One of those to which any bytes of that length are a value: then they need not be decoded to know
// that they can be.
template <class T, class Value>
concept total_codec =
    bulk_codec<T, Value> && copies_as_bytes<Value> && bool{T::template any_bytes<Value>};

// A codec whose values allocate: decoding asks the allowance first, and encoding adds up what
// decoding will ask for, so that nothing is proposed that nobody could decode.
template <class T, class Value>
concept costed_codec = requires(T& coder, std::vector<std::byte>& into, Value const& from,
                                Value& to, std::span<std::byte const> bytes, std::size_t& cost,
                                decode_allowance& allowance) {
  { coder.encode(from, into, cost) } -> std::same_as<bool>;
  { coder.decode(bytes, to, allowance) } -> std::same_as<bool>;
};

// One that has less to do for many values in a row than for each alone.
template <class T, class Value>
concept row_codec = costed_codec<T, Value> &&
    requires(T& coder, std::vector<std::byte>& into, std::span<Value const> from,
             list<std::uint32_t>& lengths, std::size_t& cost) {
  { coder.encode_each(from, into, lengths, cost) } -> std::same_as<bool>;
};

}  // namespace synod
