// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/bounded_input.hpp>
#include <synod/cereal/bounded_output.hpp>
#include <synod/cereal/sequences.hpp>
#include <synod/core/late.hpp>
#include <synod/core/list.hpp>

#include <cereal/types/array.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>

namespace synod {

// The codec of values that follow cereal's conventions: a `serialize` member, or one of the headers
// <cereal/types/...> for standard types. Bytes are refused unless they are exactly one value. Not
// for use by two threads at once; a copy is a codec of its own.
class cereal_codec {
 public:
  cereal_codec() = default;
  cereal_codec(cereal_codec const&) {}
  cereal_codec& operator=(cereal_codec const&) { return *this; }
  ~cereal_codec() = default;

  // Effects: appends the value to `into`, or leaves it as it was.
  // Returns: whether the result can be decoded by who allows what a decode_allowance allows.
  template <class T>
  [[nodiscard]] bool encode(T const& from, std::vector<std::byte>& into) {
    std::size_t const before = into.size();
    std::size_t cost = 0;
    if (encode(from, into, cost) && decode_allowance(into.size() - before).take(1, cost)) {
      return true;
    }
    into.resize(before);
    return false;
  }

  // The same, but adds what decoding will allocate to `cost` and leaves the opinion to the caller.
  template <class T>
  [[nodiscard]] bool encode(T const& from, std::vector<std::byte>& into, std::size_t& cost) {
    check<T>();
    return write(into, cost, [this, &from] {
      if constexpr (serializable<T>) (*output_)(from);
    });
  }

  // Many, one after another, adding the length of each to `lengths`.
  template <class T>
  [[nodiscard]] bool encode_each(std::span<T const> from, std::vector<std::byte>& into,
                                 list<std::uint32_t>& lengths, std::size_t& cost) {
    check<T>();
    return write(into, cost, [&] {
      std::size_t before = 0;
      for (T const& one : from) {
        if constexpr (serializable<T>) (*output_)(one);
        std::size_t const now = output_->written();
        if (now - before >= UINT32_MAX) throw archive_refusal{};
        lengths.push_back(static_cast<std::uint32_t>(now - before));
        before = now;
        if (output_->marked()) {  // each must be readable by itself
          cost += output_->finish();
          output_.emplace().rewind(into);
          before = 0;
        }
      }
    });
  }

  template <class T>
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, T& to) {
    decode_allowance allowance(bytes.size());
    return decode(bytes, to, allowance);
  }

  template <class T>
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, T& to, decode_allowance& allowance) {
    check<T>();
    if (!input_.has_value()) input_.emplace();
    try {
      input_->rewind(bytes, allowance);
      if constexpr (serializable<T>) (*input_)(to);
      if (input_->marked()) {
        bool const finished = input_->finished();
        input_.reset();
        return finished;
      }
      return input_->finished();
    } catch (...) {  // refusals, cereal's own, bad_alloc, length_error: these bytes are no value
      input_.reset();
      return false;
    }
  }

 private:
  template <class Write>
  [[nodiscard]] bool write(std::vector<std::byte>& into, std::size_t& cost, Write&& body) {
    std::size_t const before = into.size();
    if (!output_.has_value()) output_.emplace();
    try {
      output_->rewind(into);
      body();
      cost += output_->finish();
      if (output_->marked()) output_.reset();
      return true;
    } catch (...) {  // whatever a serialize function throws: this value cannot be written
      output_.reset();
      into.resize(before);
      return false;
    }
  }

  template <class T>
  static constexpr bool serializable =
      std::is_empty_v<T> || std::is_enum_v<T> ||
      (cereal::traits::is_output_serializable<T, bounded_output>::value &&
       cereal::traits::is_input_serializable<T, bounded_input>::value);

  // Behind this one sentence nothing more of the type is looked at, lest cereal add pages to it.
  template <class T>
  static constexpr void check() {
    static_assert(
        serializable<T>,
        "synod::cereal_codec: the value needs `template <class A> void serialize(A& ar) { "
        "ar(members...); }`, or the header <cereal/types/...> of its standard type");
  }

  late<bounded_output> output_;
  late<bounded_input> input_;
};

}  // namespace synod
