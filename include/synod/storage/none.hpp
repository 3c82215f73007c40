// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>

#include <span>

namespace synod {

// A storage that keeps nothing and calls everything durable: for measurements, and for nodes that
// are a new member after every restart. A node under it that comes back under its old identity has
// forgotten what it promised; that is why every `none` takes a store id, which must be new each
// time.
class none {
 public:
  explicit none(store_id store, incarnation life = {1, 0}) : store_(store), life_(life) {}

  void append(std::span<record_view const>, ticket at) { durable_ = at; }
  [[nodiscard]] ticket durable() const { return durable_; }
  void wait() {}
  [[nodiscard]] error failed() const { return {}; }
  template <class Sink>
  damage replay(Sink&&) {
    return {};
  }
  void trim(group_id, lane_id, slot) {}
  [[nodiscard]] store_id store() const { return store_; }
  [[nodiscard]] incarnation life() const { return life_; }

 private:
  store_id store_;
  incarnation life_;
  ticket durable_{};
};

}  // namespace synod
