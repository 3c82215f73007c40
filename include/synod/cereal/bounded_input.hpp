// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/bounded_output.hpp>
#include <synod/codec/wire.hpp>
#include <synod/core/assert.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace synod {

// Reads bytes that nobody vouches for. Throws archive_refusal, or whatever a serialize function of
// the user's throws.
class bounded_input : public cereal::InputArchive<bounded_input, cereal::AllowEmptyClassElision> {
 public:
  bounded_input() : InputArchive(this) {}
  bounded_input(bounded_input const&) = delete;
  bounded_input& operator=(bounded_input const&) = delete;

  // Effects: from now on reads `from`, whose allocations are taken out of `allowance`.
  void rewind(std::span<std::byte const> from, decode_allowance& allowance) {
    at_ = from.data();
    end_ = at_ + from.size();
    allowance_ = &allowance;
    depth_ = 0;
    marked_ = false;
    expect_ = &bounded_input::expect<void>;
  }
  [[nodiscard]] bool finished() const { return at_ == end_; }
  [[nodiscard]] bool marked() const { return marked_; }
  void mark() { marked_ = true; }

  [[nodiscard]] std::byte const* take(std::size_t length) {
    if (length > static_cast<std::size_t>(end_ - at_)) throw archive_refusal{};
    std::byte const* const from = at_;
    at_ += length;
    return from;
  }

  // A count was read: the last container that was entered checks that it may be so.
  void counted(std::uint64_t count) {
    auto const expected = expect_;
    expect_ = &bounded_input::expect<void>;
    (this->*expected)(count);
  }

  template <class T>
  void enter(T const&) {
    detail::check_type<T>();
    if constexpr (std::is_class_v<T>) {
      if (depth_ == archive_depth_max) throw archive_refusal{};
      if constexpr (detail::leaves_traces<T>) mark();
      if constexpr (counted_container<T>) {
        open_[depth_] = 0;
        expect_ = &bounded_input::expect<T>;
      }
      ++depth_;
    }
  }
  template <class T>
  void leave(T const& value) {
    if constexpr (checked_enumeration<T>) {
      if (!is_enumerator(value)) throw archive_refusal{};
    } else if constexpr (std::is_class_v<T>) {
      --depth_;
      // A map or set that is smaller than its count was sent some key twice.
      if constexpr (counted_container<T> && !detail::is_block<T> && requires { value.size(); }) {
        bool const complete = value.size() == open_[depth_] || SYNOD_MUTATION(keys_may_repeat);
        if (!complete) throw archive_refusal{};
      }
    }
  }

 private:
  using check = void (bounded_input::*)(std::uint64_t);

  template <class Container>
  void expect(std::uint64_t count) {
    constexpr std::size_t smallest = heap_cost<Container>::smallest;
    std::size_t cost = 0;
    bool const fits = count <= static_cast<std::size_t>(end_ - at_) / smallest &&
                      detail::heap_for<Container>(static_cast<std::size_t>(count), cost) &&
                      allowance_->take(1, cost);
    if (!fits && !SYNOD_MUTATION(archive_counts_unbounded)) throw archive_refusal{};
    if constexpr (!std::is_void_v<Container>) open_[depth_ - 1] = static_cast<std::size_t>(count);
  }

  std::byte const* at_ = nullptr;
  std::byte const* end_ = nullptr;
  decode_allowance* allowance_ = nullptr;
  std::size_t depth_ = 0;
  bool marked_ = false;
  check expect_ = nullptr;
  std::array<std::size_t, archive_depth_max> open_;  // their counts, set where one is entered
};

// What cereal calls around every object, and for each kind of thing.
template <class T>
void prologue(bounded_input& from, T const& value) {
  if constexpr (!detail::is_wrapper<T> && !std::is_arithmetic_v<T>) from.enter(value);
}

template <class T>
void epilogue(bounded_input& from, T const& value) {
  if constexpr (!detail::is_wrapper<T> && !std::is_arithmetic_v<T>) from.leave(value);
}

template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, T& value) {
  detail::check_type<T>();
  std::byte const* const bytes = from.take(sizeof(T));
  if constexpr (std::same_as<T, bool>) {
    if (*bytes > std::byte{1}) throw archive_refusal{};
    value = *bytes == std::byte{1};
  } else {
    std::memcpy(&value, bytes, sizeof(T));
    if constexpr (std::endian::native != std::endian::little) {
      value = detail::other_byte_order(value);
    }
  }
}

template <class T>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, cereal::BinaryData<T>& block) {
  using element = detail::block_element<T>;
  auto const length = static_cast<std::size_t>(block.size);
  if constexpr (!std::same_as<element, bool> &&
                (std::endian::native == std::endian::little || sizeof(element) == 1)) {
    std::byte const* const bytes = from.take(length);
    if (length != 0) std::memcpy(block.data, bytes, length);
  } else {
    auto* const elements = static_cast<element*>(block.data);
    for (std::size_t i = 0; i < length / sizeof(element); ++i) from(elements[i]);
  }
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(bounded_input& from, cereal::SizeTag<T>& tag) {
  std::uint64_t count = 0;
  from(count);
  from.counted(count);
  tag.size = static_cast<std::remove_reference_t<decltype(tag.size)>>(count);
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(bounded_input& from, cereal::NameValuePair<T>& pair) {
  if (detail::is_class_version(pair)) from.mark();
  from(pair.value);
}

}  // namespace synod

CEREAL_SETUP_ARCHIVE_TRAITS(synod::bounded_input, synod::bounded_output)
