// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace store {

// What happens to bytes on their way from one node to another.
struct weather {
  bool held = false;        // nothing arrives until this ends, as in a partition
  int delay_ms = 0;         // for every piece
  int dropped_percent = 0;  // of the pieces; what follows is then out of step
};

// A wire between every two nodes of this machine that can be disturbed, and needs no rights: node A
// is told that node B is at `port_of(A, B)`, and what it sends there goes on to where B listens.
class proxy {
 public:
  static constexpr std::size_t nodes_max = 9;

  // Effects: listens at `first_port + 10 * a + b` for every pair; nothing is open if that fails.
  bool open(std::uint16_t first_port, std::size_t nodes, std::vector<std::uint16_t> const& where);
  ~proxy();
  void close();

  [[nodiscard]] std::uint16_t port_of(std::size_t a, std::size_t b) const {
    return static_cast<std::uint16_t>(first_port_ + 10 * a + b);
  }
  void set(std::size_t from, std::size_t to, weather what);
  // Effects: all connections between the two end at once, with a reset.
  void reset(std::size_t a, std::size_t b);
  // Effects: good weather everywhere.
  void heal();

 private:
  struct piece {
    std::int64_t due_ms;
    std::vector<char> bytes;
  };
  struct way {  // one direction of a connection
    std::vector<piece> on_the_way;
    std::size_t bytes = 0;
    bool ended = false;
  };
  struct connection {
    std::size_t caller;
    std::size_t called;
    std::array<int, 2> sockets;  // of the caller, of the called
    std::array<way, 2> ways;     // from the caller, from the called
    bool broken = false;
  };
  struct ear {
    int socket;
    std::size_t caller;
    std::size_t called;
  };

  void run();
  void accept(ear const& at);
  void read(connection& of, std::size_t side);
  void deliver(connection& of, std::size_t side, std::int64_t now);
  [[nodiscard]] weather between(std::size_t from, std::size_t to);
  static void end(connection& of, bool with_reset);

  std::uint16_t first_port_ = 0;
  std::vector<std::uint16_t> where_;
  std::vector<ear> ears_;
  std::vector<connection> connections_;
  std::mutex door_;
  std::array<std::array<weather, nodes_max + 1>, nodes_max + 1> weather_{};
  std::array<std::array<bool, nodes_max + 1>, nodes_max + 1> resets_{};
  std::atomic<bool> stop_{false};
  std::uint64_t dice_ = 88172645463325252ULL;
  std::thread thread_;
};

}  // namespace store
