// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "page.hpp"
#include "service.hpp"
#include "settings.hpp"
#include "times.hpp"

// A replica as a process: a template of the protocol, so that each variant is compiled by itself.

namespace store {

inline int complain(std::string const& why) {
  std::cerr << "kv: " << why << std::endl;
  return exit_refused;
}
inline int complain(synod::error const& why) { return complain(synod::asio::text_of(why)); }

// "1=127.0.0.1:7461,2=...": false if it is not like that.
inline bool read_peers(std::string const& text, std::vector<synod::asio::replica_member>& into) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const comma = std::min(text.find(',', at), text.size());
    std::string const one = text.substr(at, comma - at);
    std::size_t const equals = one.find('=');
    synod::asio::replica_member made;
    if (equals == std::string::npos || !read_number(one.substr(0, equals), made.id)) return false;
    made.address = one.substr(equals + 1);
    into.push_back(made);
    at = comma + 1;
  }
  return !into.empty();
}

// What a replica is started with; the times in it may be changed.
template <class Protocol>
typename replica_of<Protocol>::options usual() {
  typename replica_of<Protocol>::options made;
  // Machines that run three replicas and everything else keep them waiting now and then.
  if constexpr (Protocol::elects_leader) made.protocol.leader.heartbeat_ns = 100'000'000;
  made.snapshot_slots = 20'000;
  return made;
}

// Effects: fills in what follows from the words. Returns what is wrong with them, or nothing.
template <class Protocol>
std::string complete(typename replica_of<Protocol>::options& given, settings const& with) {
  if (!read_number(with.words[1], given.id) || given.id < 1 || given.id > with.nodes) {
    return "`" + with.words[1] + "` is no node: say 1 to " + std::to_string(with.nodes);
  }
  given.cluster = with.cluster;
  given.data = with.data + "/" + std::to_string(given.id);
  given.listen = peer_address(with, given.id);
  given.client_listen = client_address(with, given.id);
  given.admin_listen = admin_address(with, given.id);
  given.service = redis_address(with, given.id);
  given.insecure = with.insecure;
  given.commands.session.in_flight_max = service<Protocol>::commands_max;
  given.admin_page = status_page(with.port, with.nodes);
  if (with.segment_bytes != 0) given.disk.log.segment_bytes = with.segment_bytes;
  if (with.low_water_bytes != 0) given.disk.log.low_water_bytes = with.low_water_bytes;
  if (!with.peers.empty() && !read_peers(with.peers, given.members)) {
    return "`" + with.peers + "` is no value for --peers: give `1=127.0.0.1:7461,2=...`";
  }
  for (std::uint64_t id = 1; with.peers.empty() && id <= with.nodes; ++id) {
    given.members.push_back({id, peer_address(with, id)});
  }
  bool named = false;
  for (auto const& one : given.members) named = named || one.id == given.id;
  if (!named) return "--peers does not name node " + with.words[1] + " itself: add it";
  return set_times(times_of(given), with);
}

template <class Protocol>
int times_as() {
  auto given = usual<Protocol>();
  for (named_time const& one : times_of(given)) {
    std::string const name = std::string("--") + one.name;
    std::cout << name << std::string(26 - std::min<std::size_t>(25, name.size()), ' ');
    if (*one.at == synod::never) {
      std::cout << "for ever";
    } else {
      std::cout << static_cast<double>(*one.at) / 1e6;
    }
    std::cout << "  " << one.what << "\n";
  }
  return exit_done;
}

template <class Protocol>
int serve_as(settings const& with) {
  auto given = usual<Protocol>();
  if (auto const why = complete<Protocol>(given, with); !why.empty())
    return complain(why), exit_usage;

  boost::asio::io_context io(1);
  int code = exit_done;
  replica_of<Protocol> node(io, given);
  service<Protocol> here(node, given.id);
  front_door door(io, [&](std::vector<std::string> words, answer to) {
    here.execute(std::move(words), std::move(to));
  });
  // The ports first: who cannot listen should not open the data.
  auto const at = synod::asio::read_permitted_address(given.service, given.insecure);
  if (!at) return complain(at.error());
  if (auto const why = door.open(*at)) return complain(why);
  node.async_start([&](synod::outcome<synod::done> got) {
    if (!got) {
      code = complain(got.error());
      return io.stop();
    }
    std::cout << "node " << given.id << " of " << given.cluster << ": redis " << given.service
              << ", status http://" << given.admin_listen << "/" << std::endl;
  });
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code bad, int) {
    if (bad) return;
    door.close();
    node.async_stop([&](synod::outcome<synod::done>) { io.stop(); });
  });
  synod::asio::run(io);
  return code;
}

}  // namespace store
