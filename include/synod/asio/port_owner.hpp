// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/address.hpp>
#include <synod/asio/kept_text.hpp>
#include <synod/core/error.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace synod::asio {

// The socket that listens at a port, by the line of /proc/net/tcp that says so:
//   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
inline std::optional<std::uint64_t> listening_inode(std::string_view table, std::uint16_t port) {
  char wanted[8] = ":";
  char const* const digits = "0123456789ABCDEF";
  for (int i = 0; i < 4; ++i) wanted[1 + i] = digits[port >> (12 - 4 * i) & 15];
  while (!table.empty()) {
    std::size_t const end = table.find('\n');
    std::string_view line = table.substr(0, end);
    table = end == std::string_view::npos ? std::string_view() : table.substr(end + 1);
    std::string_view fields[10];
    std::size_t found = 0;
    while (found < 10) {
      std::size_t const begin = line.find_first_not_of(' ');
      if (begin == std::string_view::npos) break;
      line.remove_prefix(begin);
      std::size_t const length = line.find(' ');
      fields[found++] = line.substr(0, length);
      if (length == std::string_view::npos) break;
      line.remove_prefix(length);
    }
    if (found < 10 || !fields[1].ends_with(wanted) || fields[3] != "0A") continue;
    std::uint64_t inode = 0;
    auto const [stop, bad] =
        std::from_chars(fields[9].data(), fields[9].data() + fields[9].size(), inode);
    if (bad == std::errc() && stop != fields[9].data()) return inode;
  }
  return std::nullopt;
}

struct port_owner {
  std::uint32_t process = 0;
  std::string name;
};

// Who listens at a port of this machine, as far as we are allowed to look.
inline std::optional<port_owner> find_port_owner(std::uint16_t port,
                                                 std::filesystem::path const& proc = "/proc") {
  namespace fs = std::filesystem;
  auto const content = [](fs::path const& of) {
    std::ifstream file(of);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  auto inode = listening_inode(content(proc / "net/tcp"), port);
  if (!inode) inode = listening_inode(content(proc / "net/tcp6"), port);
  if (!inode) return std::nullopt;
  std::string const wanted = "socket:[" + std::to_string(*inode) + "]";
  std::error_code no;
  for (fs::directory_iterator process(proc, no); !no && process != fs::directory_iterator();
       process.increment(no)) {
    std::string const name = process->path().filename();
    std::uint32_t id = 0;
    auto const [end, bad] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (bad != std::errc() || end != name.data() + name.size()) continue;
    std::error_code closed;
    for (fs::directory_iterator file(process->path() / "fd", closed);
         !closed && file != fs::directory_iterator(); file.increment(closed)) {
      std::error_code gone;
      if (fs::read_symlink(file->path(), gone) != wanted || gone) continue;
      std::string called = content(process->path() / "comm");
      while (!called.empty() && called.back() == '\n') called.pop_back();
      return port_owner{id, called};
    }
  }
  return std::nullopt;
}

// What to tell whoever wanted to listen where somebody else does.
inline error port_in_use(tcp_endpoint const& at) {
  auto const owner = find_port_owner(at.port());
  std::string cure = "choose another port, or stop who holds it";
  if (owner) {
    cure = "it is held by process " + std::to_string(owner->process) + " (" + owner->name +
           "): stop that, or choose another port";
  }
  return {error_code::address_in_use, at.port(), kept_text(write_address(at)), kept_text(cure)};
}

}  // namespace synod::asio
