// SPDX-License-Identifier: BSL-1.0
#include "call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <sstream>

namespace store {

std::optional<std::string> call(std::uint16_t port, std::string_view what, int milliseconds,
                                bool (*enough)(std::string_view)) {
  int const over = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (over < 0) return std::nullopt;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval const limit{milliseconds / 1000, milliseconds % 1000 * 1000};
  ::setsockopt(over, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  auto const now = [] { return std::chrono::steady_clock::now(); };
  auto const end = now() + std::chrono::milliseconds(milliseconds);
  std::string got;
  bool good =
      ::connect(over, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
      ::send(over, what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size());
  while (good && !enough(got)) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - now()).count();
    pollfd waiting{over, POLLIN, 0};
    good = left > 0 && ::poll(&waiting, 1, static_cast<int>(left)) > 0;
    if (!good) break;
    char piece[4096];
    ssize_t const count = ::recv(over, piece, sizeof piece, 0);
    if (count <= 0) break;
    got.append(piece, static_cast<std::size_t>(count));
  }
  ::close(over);
  if (!good || !enough(got)) return std::nullopt;
  return got;
}

std::optional<std::string> fetch(std::uint16_t port, std::string_view path, int milliseconds) {
  std::string const request =
      "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  auto const whole = [](std::string_view so_far) {
    std::size_t const head = so_far.find("\r\n\r\n");
    std::size_t const length = so_far.find("Content-Length: ");
    if (head == std::string_view::npos || length > head) return false;
    std::size_t body = 0;
    for (std::size_t i = length + 16; so_far[i] >= '0' && so_far[i] <= '9'; ++i) {
      body = body * 10 + static_cast<std::size_t>(so_far[i] - '0');
    }
    return so_far.size() >= head + 4 + body;
  };
  auto const got = call(port, request, milliseconds, whole);
  if (!got) return std::nullopt;
  return got->substr(got->find("\r\n\r\n") + 4);
}

namespace {

// Where the reply that begins there ends; npos if more is to come.
std::size_t end_of_reply(std::string_view in, std::size_t at) {
  std::size_t const line = in.find("\r\n", at);
  if (line == std::string_view::npos) return line;
  long const number =
      std::strtol(std::string(in.substr(at + 1, line - at - 1)).c_str(), nullptr, 10);
  std::size_t end = line + 2;
  if (in[at] == '$' && number >= 0) end += static_cast<std::size_t>(number) + 2;
  if (in[at] == '*') {
    for (long i = 0; i < number && end != std::string_view::npos && end < in.size(); ++i) {
      end = end_of_reply(in, end);
    }
    if (number > 0 && end == line + 2) return std::string_view::npos;
  }
  return end <= in.size() ? end : std::string_view::npos;
}

}  // namespace

std::optional<std::string> redis(std::uint16_t port, std::string_view words, int milliseconds) {
  std::string request;
  std::size_t count = 0;
  std::istringstream in{std::string(words)};
  for (std::string word; in >> word; ++count) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  request = "*" + std::to_string(count) + "\r\n" + request;
  return call(port, request, milliseconds, [](std::string_view so_far) {
    return !so_far.empty() && end_of_reply(so_far, 0) != std::string_view::npos;
  });
}

std::string json_field(std::string_view object, std::string_view name) {
  std::string const wanted = "\"" + std::string(name) + "\":";
  std::size_t const found = object.find(wanted);
  if (found == std::string_view::npos) return {};
  std::size_t at = found + wanted.size();
  if (at >= object.size()) return {};
  if (object[at] != '"') {
    return std::string(object.substr(at, object.find_first_of(",}]", at) - at));
  }
  std::string text;
  for (++at; at < object.size() && object[at] != '"'; ++at) {
    if (object[at] == '\\' && at + 1 < object.size()) ++at;
    text += object[at];
  }
  return text;
}

}  // namespace store
