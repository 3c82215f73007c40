// SPDX-License-Identifier: BSL-1.0
// One value, agreed on by three servers and never changed again.
#include <synod/asio/client.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "server.hpp"

namespace {

using synod::outcome;
namespace net = synod::asio;

constexpr char usage[] =
    "usage: single_decree server 0|1|2               one of three servers, each in its own shell\n"
    "       single_decree client propose \"text\"      have a value chosen\n"
    "       single_decree client get                 what each server knows to be chosen\n"
    "       single_decree client -n 1 get            the same of one server; also with propose\n"
    "Servers keep what they promise in ./decree/<number>, so any of them may be killed.\n"
    "DECREE_PORT (6400) is the first of six ports that they use, DECREE_DATA (decree) the "
    "folder.\n";

std::uint16_t first_port() {
  char const* const given = std::getenv("DECREE_PORT");
  return static_cast<std::uint16_t>(given != nullptr ? std::atoi(given) : 6400);
}
std::string peer_address(unsigned id) { return "127.0.0.1:" + std::to_string(first_port() + id); }
std::string client_address(unsigned id) {
  return "127.0.0.1:" + std::to_string(first_port() + 3 + id);
}

int serve(unsigned id) {
  decree::server_options given;
  given.id = id;
  char const* const folder = std::getenv("DECREE_DATA");
  given.data = std::string(folder != nullptr ? folder : "decree") + "/" + std::to_string(id);
  given.listen = peer_address(id);
  given.client_listen = client_address(id);
  for (unsigned i = 0; i < 3; ++i) {
    synod::member one;
    one.id = synod::node_id(i);
    one.endpoint = synod::short_text(peer_address(i).c_str());
    given.members.push_back(one);
  }
  auto const complain = [](synod::error const& why) {
    char text[256];
    why.render(text);
    std::fprintf(stderr, "single_decree: %s\n", text);
    return 1;
  };
  auto log = decree::server::log_type::open(synod::posix_io(given.data.c_str()));
  if (!log) return complain(log.error());
  boost::asio::io_context io(1);
  net::held<decree::server> const here(new decree::server(io, std::move(given), *std::move(log)));
  if (auto const why = here->start()) return complain(why);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  io.run();
  return 0;
}

std::string said(decree::verdict const& what) {
  switch (what.is()) {
    case decree::fate::chosen: return "chosen: " + what.value;
    case decree::fate::converged: return "another value was chosen: " + what.value;
    case decree::fate::open: return "nothing is chosen yet, as far as is known here";
    case decree::fate::superseded:
      return std::string("others kept proposing; this value ") +
             (what.left ? "may still be chosen" : "is not chosen");
    case decree::fate::unknown: break;
  }
  std::string text =
      "no quorum answered within " + std::to_string(what.waited_ns / 1'000'000) + " ms";
  text += what.heard.empty() ? " (nobody did" : " (heard from";
  for (std::uint64_t const one : what.heard) text += " " + std::to_string(one);
  return text + "); the value may or may not be chosen: propose it again to find out";
}

net::client_options options_of() {
  net::client_options made;
  made.cluster = "single decree";
  for (unsigned i = 0; i < 3; ++i) made.servers.push_back({i, client_address(i)});
  made.session.attempt_timeout_ns = 8'000'000'000;
  return made;
}

// Runs until the operation that `begin` begins has ended; 0 if with a verdict that is good.
template <class Begin>
int report(boost::asio::io_context& io, std::string const& prefix, Begin&& begin) {
  int status = 1;
  begin([&](outcome<decree::verdict> got) {
    if (got) {
      std::printf("%s%s\n", prefix.c_str(), said(*got).c_str());
      status = got->is() == decree::fate::unknown || got->is() == decree::fate::superseded ? 3 : 0;
    } else {
      char text[256];
      got.error().render(text);
      std::printf("%s%s (%s)\n", prefix.c_str(), text,
                  got.refused() != nullptr ? "nothing was done" : "its fate is unknown");
    }
    io.stop();
  });
  io.run();
  io.restart();
  return status;
}

int propose(std::optional<std::uint64_t> at, char const* text) {
  boost::asio::io_context io(1);
  auto given = options_of();
  if (at.has_value()) given.servers = {{*at, client_address(static_cast<unsigned>(*at))}};
  net::client<decree::words> client(io, given);
  return report(io, "", [&](auto handler) {
    client.async_submit(decree::propose(text), std::move(handler));
  });
}

int get(std::optional<std::uint64_t> at) {
  boost::asio::io_context io(1);
  net::client<decree::words> client(io, options_of());
  int status = 0;
  for (std::uint64_t id = 0; id < 3; ++id) {
    if (at.has_value() && *at != id) continue;
    std::string const prefix = "server " + std::to_string(id) + ": ";
    status |= report(io, prefix, [&](auto handler) {
      client.async_read(decree::get(), synod::read::local{}, net::client_call{1'000'000'000, id},
                        std::move(handler));
    });
  }
  return status;
}

}  // namespace

int main(int count, char** words) {
  auto const word = [&](int at) { return at < count ? std::string(words[at]) : std::string(); };
  auto const number = [](std::string const& text) {
    return text.size() == 1 && text[0] >= '0' && text[0] <= '2'
               ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(text[0] - '0'))
               : std::nullopt;
  };
  if (word(1) == "server" && number(word(2)) && count == 3) {
    return serve(static_cast<unsigned>(*number(word(2))));
  }
  if (word(1) == "client") {
    int next = 2;
    std::optional<std::uint64_t> at;
    if (word(next) == "-n") {
      at = number(word(next + 1));
      if (!at) {
        std::fputs(usage, stderr);
        return 2;
      }
      next += 2;
    }
    if (word(next) == "get" && count == next + 1) return get(at);
    if (word(next) == "propose" && count == next + 2) return propose(at, words[next + 1]);
  }
  std::fputs(usage, stderr);
  return 2;
}
