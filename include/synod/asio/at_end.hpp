// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

namespace synod::asio {

// Calls a function where its scope ends, also when a handler of the user throws through it: whoever
// catches that and runs the context again finds a host that goes on.
template <class Function>
class at_end {
 public:
  explicit at_end(Function what) : what_(std::move(what)) {}
  at_end(at_end const&) = delete;
  at_end& operator=(at_end const&) = delete;
  ~at_end() { what_(); }

 private:
  Function what_;
};

}  // namespace synod::asio
