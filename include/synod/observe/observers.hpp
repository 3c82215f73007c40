// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/observe/events.hpp>

#include <tuple>
#include <utility>

namespace synod {

// Several observers as one.
template <class... Observers>
class observers {
 public:
  observers() = default;
  explicit observers(Observers... given) : all_(std::move(given)...) {}

  template <class Event>
    requires(hears<Observers, Event> || ...)
  void on(Event const& what) {
    std::apply([&](auto&... one) { (observe(one, what), ...); }, all_);
  }

  template <class One>
  [[nodiscard]] One& get() {
    return std::get<One>(all_);
  }

 private:
  std::tuple<Observers...> all_;
};

}  // namespace synod
