// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/leader/policy.hpp>

#include <vector>

namespace support {

// A leader policy that does what the test says at its next tick, and nothing of its own.
class by_hand {
 public:
  struct message {};
  struct options {
    synod::leader_advice* next = nullptr;
  };

  static constexpr bool progresses_when_partially_connected = true;
  static constexpr char const* name() { return "by_hand"; }

  explicit by_hand(options given, std::uint64_t) : options_(given) {}

  template <class System>
  synod::leader_advice tick(synod::time_ns, synod::leader_situation<System> const&,
                            synod::list<synod::policy_send<message>>&) {
    if (options_.next == nullptr) return synod::leader_advice::none;
    synod::leader_advice const said = *options_.next;
    *options_.next = synod::leader_advice::none;
    return said;
  }
  template <class System>
  void step(synod::time_ns, synod::node_id, message const&, synod::leader_situation<System> const&,
            synod::list<synod::policy_send<message>>&) {}
  void heard(synod::node_id, synod::ballot, synod::time_ns) {}
  void campaigned(synod::ballot, synod::time_ns) {}
  [[nodiscard]] bool may_promise(synod::ballot, synod::time_ns) const { return true; }
  [[nodiscard]] bool lease_valid(synod::time_ns) const { return false; }
  [[nodiscard]] synod::time_ns next_deadline() const {
    bool const due = options_.next != nullptr && *options_.next != synod::leader_advice::none;
    return due ? 0 : synod::never;
  }

 private:
  options options_;
};

}  // namespace support
