// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// A codec for anything with `serialize` in cereal's convention, without cereal: integers by eight
// bytes, sequences by their count. For tests of what takes a codec.
namespace support {

class saving_archive {
 public:
  explicit saving_archive(std::vector<std::byte>& into) : into_(into) {}

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (one(fields), ...);
  }

 private:
  template <class T>
  void one(T const& value) {
    if constexpr (std::is_integral_v<T>) {
      number(static_cast<std::uint64_t>(value));
    } else if constexpr (requires { value.index(); }) {
      number(value.index());
      std::visit([this](auto const& alternative) { this->one(alternative); }, value);
    } else if constexpr (requires(T & list) { list.push_back(list.front()); }) {
      number(value.size());
      for (auto const& element : value) one(element);
    } else {
      const_cast<T&>(value).serialize(*this);
    }
  }
  void number(std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) into_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }

  std::vector<std::byte>& into_;
};

class loading_archive {
 public:
  explicit loading_archive(std::span<std::byte const> from) : from_(from) {}

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (one(fields), ...);
  }
  [[nodiscard]] bool complete() const { return good_ && from_.empty(); }

 private:
  template <class T>
  void one(T& value) {
    if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(number());
    } else if constexpr (requires { value.index(); }) {
      choose(value, number(), std::make_index_sequence<std::variant_size_v<T>>());
    } else if constexpr (requires(T & list) { list.push_back(list.front()); }) {
      value.clear();
      for (std::uint64_t left = number(); left > 0 && good_; --left) {
        typename T::value_type element{};
        one(element);
        value.push_back(std::move(element));
      }
    } else {
      value.serialize(*this);
    }
  }
  template <class Variant, std::size_t... I>
  void choose(Variant& value, std::uint64_t which, std::index_sequence<I...>) {
    bool const known = ((which == I ? (one(value.template emplace<I>()), true) : false) || ...);
    good_ = good_ && known;
  }
  std::uint64_t number() {
    good_ = good_ && from_.size() >= 8;
    if (!good_) return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= std::to_integer<std::uint64_t>(from_[i]) << (8 * i);
    from_ = from_.subspan(8);
    return value;
  }

  std::span<std::byte const> from_;
  bool good_ = true;
};

struct archive_codec {
  template <class T>
  void encode(T const& from, std::vector<std::byte>& into) {
    saving_archive archive(into);
    archive(from);
  }
  template <class T>
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, T& to) {
    loading_archive archive(bytes);
    archive(to);
    return archive.complete();
  }
};

}  // namespace support
