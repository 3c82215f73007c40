// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/commands.hpp>

#include <cstdint>
#include <utility>
#include <variant>

namespace synod {

// One value with a version, which is the position of the command that wrote it; 0 is "never
// written".
template <class Value>
class value_register {
 public:
  class write {
   public:
    write() = default;
    explicit write(Value given) : value(std::move(given)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(value);
    }
    Value value{};
  };
  // Writes only if nobody wrote since the given version.
  class compare_and_set {
   public:
    compare_and_set() = default;
    compare_and_set(std::uint64_t only_at, Value given)
        : expected_version(only_at), value(std::move(given)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(expected_version, value);
    }
    std::uint64_t expected_version = 0;
    Value value{};
  };
  // A read through the log. See runtime/read_barrier for reads that are not commands.
  class read {
   public:
    read() {}
    template <class Archive>
    void serialize(Archive&) {}
  };
  using command = std::variant<write, compare_and_set, read>;

  struct state {
    std::uint64_t version = 0;
    Value value{};
    template <class Archive>
    void serialize(Archive& archive) {
      archive(version, value);
    }
    friend bool operator==(state const&, state const&) = default;
  };
  struct written {
    bool done = false;
    std::uint64_t version = 0;  // the one that holds now
    template <class Archive>
    void serialize(Archive& archive) {
      archive(done, version);
    }
    friend bool operator==(written const&, written const&) = default;
  };

  written apply(write const& one, applied_at const& where) {
    now = {where.version(), one.value};
    return {true, now.version};
  }
  written apply(compare_and_set const& one, applied_at const& where) {
    if (one.expected_version != now.version) return {false, now.version};
    now = {where.version(), one.value};
    return {true, now.version};
  }
  state apply(read const&) const { return now; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(now);
  }

  state now;
};

}  // namespace synod
