// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/archive_rules.hpp>
#include <synod/core/bytes.hpp>

#include <cereal/cereal.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace synod {

// Writes what bounded_input reads, and refuses what it would refuse: a value that is proposed must
// be one that every replica can decode. Adds up what decoding will allocate.
class bounded_output
    : public cereal::OutputArchive<bounded_output, cereal::AllowEmptyClassElision> {
 public:
  bounded_output() : OutputArchive(this) {}
  bounded_output(bounded_output const&) = delete;
  bounded_output& operator=(bounded_output const&) = delete;

  // Effects: from now on appends to `into`, at the latest when `finish` is called.
  void rewind(std::vector<std::byte>& into) {
    into_ = &into;
    begin_ = into.size();
    staged_ = 0;
    depth_ = 0;
    cost_ = 0;
    marked_ = false;
  }
  // Returns: what decoding will allocate.
  std::size_t finish() {
    flush();
    return cost_;
  }
  // Since `rewind`.
  [[nodiscard]] std::size_t written() const { return into_->size() - begin_ + staged_; }
  [[nodiscard]] bool marked() const { return marked_; }
  void mark() { marked_ = true; }

  void write(void const* from, std::size_t length) {
    if (length > staging_.size() - staged_) {
      flush();
      if (length > staging_.size()) {
        auto const* const bytes = static_cast<std::byte const*>(from);
        into_->insert(into_->end(), bytes, bytes + length);
        return;
      }
    }
    std::memcpy(staging_.data() + staged_, from, length);
    staged_ += length;
  }

  template <class T>
  void enter(T const& value) {
    detail::check_type<T>();
    if constexpr (checked_enumeration<T>) {
      if (!is_enumerator(value)) throw archive_refusal{};
    } else if constexpr (std::is_class_v<T>) {
      if (depth_ == archive_depth_max) throw archive_refusal{};
      if constexpr (detail::leaves_traces<T>) mark();
      if constexpr (counted_container<T>) {
        std::size_t const count = count_of(value);
        std::size_t cost = 0;
        if (!detail::heap_for<T>(count, cost)) throw archive_refusal{};
        cost_ += cost;
        if constexpr (!detail::is_block<T>) open_[depth_] = {count, written()};
      }
      ++depth_;
    }
  }
  template <class T>
  void leave(T const&) {
    if constexpr (std::is_class_v<T> && !std::is_enum_v<T>) {
      --depth_;
      if constexpr (counted_container<T> && !detail::is_block<T>) {
        // Elements that leave no byte could not be counted by who reads them.
        if (written() - open_[depth_].begin < open_[depth_].count) throw archive_refusal{};
      }
    }
  }

 private:
  template <class T>
  static std::size_t count_of(T const& value) {
    if constexpr (requires { value.size(); }) {
      return value.size();
    } else {
      std::size_t count = 0;
      for (auto one = value.begin(); one != value.end(); ++one) ++count;
      return count;
    }
  }

  void flush() {
    append_bytes(*into_, {staging_.data(), staged_});
    staged_ = 0;
  }

  std::vector<std::byte>* into_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t staged_ = 0;
  std::size_t depth_ = 0;
  std::size_t cost_ = 0;
  bool marked_ = false;
  // Small writes gather here, since growing a vector by eight bytes costs more than they do.
  std::array<std::byte, 2048> staging_;
  std::array<detail::open_container, archive_depth_max> open_;  // set where one is entered
};

// What cereal calls around every object, and for each kind of thing.
template <class T>
void prologue(bounded_output& to, T const& value) {
  if constexpr (!detail::is_wrapper<T> && !std::is_arithmetic_v<T>) to.enter(value);
}

template <class T>
void epilogue(bounded_output& to, T const& value) {
  if constexpr (!detail::is_wrapper<T> && !std::is_arithmetic_v<T>) to.leave(value);
}

template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(bounded_output& to, T const& value) {
  detail::check_type<T>();
  if constexpr (std::same_as<T, bool>) {
    std::byte const stored{static_cast<unsigned char>(value)};
    to.write(&stored, 1);
  } else if constexpr (std::endian::native == std::endian::little) {
    to.write(&value, sizeof(T));
  } else {
    T const stored = detail::other_byte_order(value);
    to.write(&stored, sizeof(T));
  }
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(bounded_output& to, cereal::BinaryData<T> const& block) {
  using element = detail::block_element<T>;
  auto const length = static_cast<std::size_t>(block.size);
  if constexpr (std::endian::native == std::endian::little || sizeof(element) == 1) {
    if (length != 0) to.write(block.data, length);
  } else {
    auto const* const elements = static_cast<element const*>(block.data);
    for (std::size_t i = 0; i < length / sizeof(element); ++i) to(elements[i]);
  }
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(bounded_output& to, cereal::SizeTag<T>& tag) {
  to(static_cast<std::uint64_t>(tag.size));
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(bounded_output& to, cereal::NameValuePair<T>& pair) {
  if (detail::is_class_version(pair)) to.mark();
  to(pair.value);
}

}  // namespace synod
