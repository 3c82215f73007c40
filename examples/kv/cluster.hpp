// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "processes.hpp"
#include "proxy.hpp"
#include "settings.hpp"

namespace store {

// The answer to a request, as `EXPLAIN` gives it.
struct explained {
  std::string reply;  // as Redis encodes it, without what stands around it
  bool good = false;
  bool there = true;    // false: the key is not there
  bool certain = true;  // of a failure: nothing was done
  std::uint64_t slot = 0;
  std::string ballot;
  double milliseconds = 0;
  std::uint64_t node = 0;
};

// Replicas as processes of this machine, wired through a proxy, with their data in a folder.
class cluster {
 public:
  explicit cluster(settings with) : with_(std::move(with)) {}

  // Effects: finds free ports, ends what an earlier run left, removes its data, starts all nodes
  // and waits until one leads. Returns what is wrong, or nothing.
  std::string begin();
  [[nodiscard]] settings const& with() const { return with_; }
  [[nodiscard]] unsigned size() const { return with_.nodes; }

  [[nodiscard]] bool is_up(std::uint64_t id) { return nodes_.runs(running_[id]); }
  void kill(std::uint64_t id);
  std::string start(std::uint64_t id);
  void freeze(std::uint64_t id, bool frozen);
  [[nodiscard]] bool is_frozen(std::uint64_t id) const { return frozen_[id]; }
  proxy& wires() { return wires_; }
  processes& programs() { return nodes_; }

  // Who served last.
  [[nodiscard]] std::uint64_t last_served() const { return last_served_; }
  // Who leads, asked of all; waits for one.
  std::optional<std::uint64_t> leader(int milliseconds);
  // Effects: waits until all that run are founded and, where one is elected, know a leader.
  bool settled(int milliseconds);
  // Effects: sends the command to whoever leads, or to whoever served last, again while it is
  // certain that nothing was done.
  explained ask(std::string const& words, int milliseconds);
  // Words by which another program of ours finds this cluster.
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> first) const;

 private:
  void end_left_overs() const;
  [[nodiscard]] std::string log_of(std::uint64_t id) const;

  settings with_;
  processes nodes_;
  proxy wires_;
  std::vector<pid_t> running_ = std::vector<pid_t>(proxy::nodes_max + 1, -1);
  std::vector<bool> frozen_ = std::vector<bool>(proxy::nodes_max + 1, false);
  std::uint64_t last_served_ = 1;
};

}  // namespace store
