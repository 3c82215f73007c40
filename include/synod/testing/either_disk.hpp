// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/file_disk.hpp>
#include <synod/testing/simulated_disk.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <variant>

namespace synod::testing {

enum class storage_kind : std::uint8_t { memory, file_log };

constexpr char const* name_of(storage_kind of) {
  return of == storage_kind::memory ? "memory" : "file_log";
}

// The disk of a node, of the kind that a run was given.
class either_disk {
  using any_disk = std::variant<memory_disk, file_disk>;

  template <class Question>
  decltype(auto) ask(Question&& question) {
    return std::visit(question, disk_);
  }
  template <class Question>
  decltype(auto) ask(Question&& question) const {
    return std::visit(question, disk_);
  }

 public:
  either_disk(storage_kind kind, random_source random)
      : disk_(kind == storage_kind::memory ? any_disk(std::in_place_type<memory_disk>, random)
                                           : any_disk(std::in_place_type<file_disk>, random)) {}

  // What is on it, as somebody copies it who keeps backups.
  // Requires, of both: no process runs on it.
  using backup = std::variant<memory_disk, disk>;
  [[nodiscard]] backup copy() {
    return ask([](auto& one) { return backup(one.copy()); });
  }
  void put_back(backup const& from) {
    if (auto* const here = std::get_if<memory_disk>(&disk_)) {
      here->put_back(std::get<memory_disk>(from));
    } else {
      std::get<file_disk>(disk_).put_back(std::get<disk>(from));
    }
  }

  error open() {
    return ask([](auto& one) { return one.open(); });
  }
  void append(std::span<record_view const> records, ticket at) {
    ask([&](auto& one) { one.append(records, at); });
  }
  [[nodiscard]] ticket durable() {
    return ask([](auto& one) { return one.durable(); });
  }
  [[nodiscard]] ticket appended() {
    return ask([](auto& one) { return one.appended(); });
  }
  [[nodiscard]] error failed() const {
    return ask([](auto const& one) { return one.failed(); });
  }
  template <class Sink>
  damage replay(Sink&& sink) {
    return ask([&](auto& one) { return one.replay(sink); });
  }
  void trim(group_id group, lane_id lane, slot upto) {
    ask([&](auto& one) { one.trim(group, lane, upto); });
  }
  [[nodiscard]] store_id store() const {
    return ask([](auto const& one) { return one.store(); });
  }
  [[nodiscard]] incarnation life() const {
    return ask([](auto const& one) { return one.life(); });
  }
  void advance(time_ns now) {
    ask([now](auto& one) { one.advance(now); });
  }
  [[nodiscard]] time_ns next_due() {
    return ask([](auto& one) { return one.next_due(); });
  }
  void write_all() {
    ask([](auto& one) { one.write_all(); });
  }
  void slow_down(time_ns by) {
    ask([by](auto& one) { one.slow_down(by); });
  }
  void fail_sync() {
    ask([](auto& one) { one.fail_sync(); });
  }
  void heal() {
    ask([](auto& one) { one.heal(); });
  }
  void crash() {
    ask([](auto& one) { one.crash(); });
  }
  void lose() {
    ask([](auto& one) { one.lose(); });
  }
  void spoil() {
    ask([](auto& one) { one.spoil(); });
  }

 private:
  any_disk disk_;
};

}  // namespace synod::testing
