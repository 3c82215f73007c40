// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/faults.hpp>
#include <synod/testing/network.hpp>
#include <synod/testing/random.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace synod::testing {

inline void disturb(network_weather& weather, fault const& one) {
  auto const parts = static_cast<std::uint32_t>(one.amount);
  switch (one.kind) {
    case fault_kind::loss: weather.loss = std::max(weather.loss, parts); break;
    case fault_kind::duplication: weather.duplication = std::max(weather.duplication, parts); break;
    case fault_kind::corruption: weather.corruption = std::max(weather.corruption, parts); break;
    case fault_kind::delay: weather.delay_mean = std::max(weather.delay_mean, one.amount); break;
    case fault_kind::stragglers:
      weather.straggling = 100'000;
      weather.straggler_mean = std::max(weather.straggler_mean, one.amount);
      break;
    case fault_kind::in_order: weather.in_order = true; break;
    default: break;
  }
}

// What an active fault makes of a network; nothing, where it is of another family.
inline void disturb(network& net, fault const& one) {
  disturb(net.weather, one);
  std::vector<node_index> order;
  net.endpoints().for_each([&](node_index at) { order.push_back(at); });
  // Where a line of nodes begins is a choice of the fault too.
  random_source(static_cast<std::uint64_t>(one.amount)).shuffle(order);
  switch (one.kind) {
    case fault_kind::split: net.split(one.part); break;
    case fault_kind::isolate: net.isolate(one.node); break;
    case fault_kind::mute: net.mute(one.node); break;
    case fault_kind::deafen: net.deafen(one.node); break;
    case fault_kind::one_way: net.cut(one.node, one.other); break;
    case fault_kind::chain: net.chain(order); break;
    case fault_kind::ring: net.ring(order); break;
    case fault_kind::hub: net.hub(one.node); break;
    case fault_kind::bridge: net.bridge(one.part, one.node); break;
    default: break;
  }
}

}  // namespace synod::testing
