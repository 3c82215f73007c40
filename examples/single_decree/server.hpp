// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/alarm.hpp>
#include <synod/asio/client_door.hpp>
#include <synod/asio/entropy.hpp>
#include <synod/asio/tcp_mesh.hpp>
#include <synod/cereal/codec.hpp>
#include <synod/protocol/single_decree.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/runtime/encode_value.hpp>
#include <synod/runtime/founding.hpp>
#include <synod/runtime/node_journal.hpp>
#include <synod/storage/file_log.hpp>
#include <synod/storage/posix_io.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "words.hpp"

namespace decree {

namespace net = synod::asio;

struct word {
  using command = std::string;
  void apply(command const&) {}
};

struct server_options {
  std::uint64_t id = 0;
  std::string data;
  std::vector<synod::member> members;  // with their addresses
  std::string listen;
  std::string client_listen;
  synod::time_ns give_up_ns = 5'000'000'000;
};

// One acceptor, proposer and learner of one value, put together from parts of the library by hand:
// what a host does for a protocol that is not a log.
class server {
 public:
  using executor = boost::asio::io_context::executor_type;
  using paxos = synod::single_decree<>::core<word>;
  using log_type = synod::file_log<synod::posix_io>;

  synod::asio::holdable holders;

  server(boost::asio::io_context& io, server_options given, log_type log)
      : executor_(io.get_executor()), options_(std::move(given)), log_(std::move(log)),
        values_(batches_), wire_(values_), journal_(log_, values_, synod::group_id()),
        founding_(founding_of()), links_(executor_, {}, *this), door_(executor_, {}, *this),
        alarm_(executor_) {}

  synod::error start() {
    if (!journal_.replay_host(founding_)) {
      return {synod::error_code::corruption, 0, "start", "replace this store by an empty one"};
    }
    if (synod::error const why = founding_.check()) return why;
    links_.introduce(greet());
    if (auto const why = links_.listen(*net::read_address(options_.listen))) return why;
    if (auto const why = door_.open(*net::read_address(options_.client_listen))) return why;
    std::vector<net::mesh_peer> peers;
    for (synod::member const& one : options_.members) {
      peers.push_back({one.id, *net::read_address(one.endpoint.c_str())});
    }
    links_.set_peers(peers);
    founding_.start(net::boot_time(), boot_);
    wake();
    return {};
  }

  // --- what the links ask

  [[nodiscard]] net::greeting greet() const {
    net::greeting made;
    made.from = self();
    made.store = log_.store();
    made.life = log_.life();
    made.cluster = cluster();
    made.cluster_name = synod::short_text("single decree");
    made.protocol = synod::short_text("single_decree");
    return made;
  }
  synod::error judge(net::greeting const&) { return {}; }
  void refused_by(synod::node_id, synod::error_code) {}
  void linked(synod::node_id who) {
    send(who, synod::frame_kind::founding, synod::founding_message(founding_.hello()));
    wake();
  }
  void unlinked(synod::node_id) {}
  void received(synod::node_id from, synod::frame&& one);
  void input_ended() { wake(); }

  // --- what the door asks

  [[nodiscard]] synod::error_code judge(net::client_hello const& got) const {
    return got.cluster_name == synod::short_text("single decree")
               ? synod::error_code::none
               : synod::error_code::wrong_cluster;
  }
  [[nodiscard]] net::client_hello own_hello() const {
    net::client_hello made;
    made.cluster_name = synod::short_text("single decree");
    made.to = self();
    return made;
  }
  [[nodiscard]] synod::cluster_id cluster() const { return founding_.cluster(); }
  [[nodiscard]] synod::node_id self() const { return synod::node_id(options_.id); }
  [[nodiscard]] std::uint64_t served_version() const { return 0; }
  [[nodiscard]] net::served_members served() const { return {}; }
  void asked(std::uint64_t client, net::client_request const& what);

  // --- what the drain asks: see synod/runtime/drain.hpp for the order

  void send(synod::node_set to, paxos::message_type&& message) {
    auto const frame = frame_of(synod::frame_kind::protocol,
                                [&](synod::wire_writer& out) { return wire_.write(out, message); });
    to.for_each([&](synod::node_index at) {
      if (auto const* const one = core_->members().find(at)) links_.send(one->id, frame);
    });
  }
  void persist(std::span<synod::record<std::string> const> records) {
    if (auto const why = journal_.append(records)) failed_ = why;
  }
  void flush() { links_.flush(); }
  synod::ticket durable() { return journal_.durable(true).core; }
  bool storage_failed() {
    if (!failed_) failed_ = journal_.failed();
    return static_cast<bool>(failed_);
  }
  void decide(paxos::output_type::decision const&) {}
  void refuse(synod::refused_proposal<std::string> const&) {}
  void answer(paxos::answer_type const& what);
  void notify(synod::core_event const&) {}

 private:
  struct waiting {
    std::uint64_t client = 0;
    synod::session_request asked;
    synod::time_ns since = 0;
  };

  [[nodiscard]] synod::founding_options founding_of() const {
    synod::founding_options made;
    made.cluster = synod::short_text("single decree");
    made.self = self();
    made.store = log_.store();
    made.life = log_.life();
    made.members = options_.members;
    return made;
  }

  template <class Fill>
  synod::shared_bytes frame_of(synod::frame_kind kind, Fill&& fill) {
    std::size_t const begin = synod::begin_frame(scratch_);
    synod::wire_writer out(scratch_);
    (void)fill(out);
    synod::end_frame(scratch_, begin, synod::frame_family::peer,
                     {.kind = kind, .cluster = cluster(), .from = self(), .life = log_.life()});
    return buffers_.seal(scratch_);
  }
  void send(synod::node_id to, synod::frame_kind kind, synod::founding_message const& what) {
    links_.send(to, frame_of(kind, [&](synod::wire_writer& out) { return out(what), true; }));
  }

  void wake() {
    if (std::exchange(turn_due_, true)) return;
    boost::asio::post(executor_, [self = net::held<server>(this)] { self->turn(); });
  }
  void turn();
  void drive_founding();
  void begin();
  void tell(std::uint64_t client, synod::session_request const& asked, verdict const& what);

  executor executor_;
  server_options options_;
  log_type log_;
  synod::batch_pool<std::string> batches_;
  synod::value_coder<std::string, synod::cereal_codec> values_;
  synod::single_decree<>::wire<word, synod::cereal_codec> wire_;
  synod::node_journal<log_type, std::string, synod::cereal_codec> journal_;
  synod::founding founding_;
  synod::founding_output boot_;
  std::optional<paxos> core_;
  paxos::output_type out_;
  synod::drain<paxos> order_;
  net::tcp_mesh::links<server> links_;
  net::client_door<executor, server> door_;
  net::alarm<executor> alarm_;
  synod::cereal_codec coder_;
  synod::bytes_pool buffers_;
  std::vector<std::byte> scratch_;
  std::optional<waiting> proposer_;  // whose proposal is under way
  synod::error failed_;
  bool turn_due_ = false;
};

}  // namespace decree
