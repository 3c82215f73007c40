// SPDX-License-Identifier: BSL-1.0
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <iostream>

#include "page.hpp"
#include "service.hpp"
#include "settings.hpp"

namespace store {

namespace {

int complain(std::string const& why) {
  std::cerr << "kv: " << why << std::endl;
  return exit_refused;
}
int complain(synod::error const& why) { return complain(synod::asio::text_of(why)); }

// "1=127.0.0.1:7461,2=...": false if it is not like that.
bool read_peers(std::string const& text, std::vector<synod::asio::replica_member>& into) {
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

}  // namespace

int serve(settings const& with) {
  replica::options given;
  if (!read_number(with.words[1], given.id) || given.id < 1 || given.id > with.nodes) {
    return complain("`" + with.words[1] + "` is no node: say 1 to " + std::to_string(with.nodes)),
           exit_usage;
  }
  given.cluster = with.cluster;
  given.data = with.data + "/" + std::to_string(given.id);
  given.listen = peer_address(with, given.id);
  given.client_listen = client_address(with, given.id);
  given.admin_listen = admin_address(with, given.id);
  given.service = redis_address(with, given.id);
  // Machines that run three replicas and everything else keep them waiting now and then.
  given.protocol.leader.heartbeat_ns = 100'000'000;
  given.commands.session.in_flight_max = service::commands_max;
  given.snapshot_slots = 20'000;
  given.admin_page = status_page(with.port, with.nodes);
  if (!with.peers.empty() && !read_peers(with.peers, given.members)) {
    return complain("--peers wants `1=address,2=address`"), exit_usage;
  }
  for (std::uint64_t id = 1; with.peers.empty() && id <= with.nodes; ++id) {
    given.members.push_back({id, peer_address(with, id)});
  }

  boost::asio::io_context io(1);
  int code = exit_done;
  replica node(io, given);
  service here(node, given.id);
  front_door door(io, [&](std::vector<std::string> words, answer to) {
    here.execute(std::move(words), std::move(to));
  });
  // The ports first: who cannot listen should not open the data.
  if (auto const why = door.open(*synod::asio::read_address(given.service))) return complain(why);
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
  io.run();
  return code;
}

}  // namespace store
