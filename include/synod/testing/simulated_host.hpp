// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/core/node_set.hpp>
#include <synod/testing/describe.hpp>
#include <synod/testing/forgeries.hpp>
#include <synod/testing/network.hpp>
#include <synod/testing/simulated_node.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace synod::testing {

// One node of a cluster as the drain sees it: what a core wants becomes frames, bytes on a disk and
// facts for the checkers. Between any two effects the process may die, after which there are none.
template <class Cluster>
class simulated_host {
 public:
  using node = typename Cluster::node;
  using setup = typename Cluster::setup;
  using command = typename Cluster::command;
  using message_type = typename Cluster::message_type;
  using output_type = typename Cluster::output_type;

  simulated_host(Cluster& of, node& self) : cluster_(of), self_(self) {}

  // -- what the drain calls
  // -------------------------------------------------------------------------

  void send(node_set to, message_type const& message) {
    if (dead()) return;
    setup::tell(message, self_.self(), cluster_.pack(), cluster_.checks());
    shared_bytes const frame = cluster_.pack().frame(header(), message);
    if (frame.empty()) {
      cluster_.checks().found().add("codec", "node %u sends what cannot be encoded",
                                    unsigned{self_.at.value});
      return;
    }
    to.for_each([&](node_index target) {
      if (!spend()) return;
      note_send(target, frame, message);
      cluster_.carry({frame, self_.at, target, self_.life, cluster_.at(target).life});
    });
  }

  void persist(std::span<record<command> const> records) {
    if (!spend()) return;
    auto& pack = cluster_.pack();
    if (pack.write(records)) {
      cluster_.checks().found().add("codec", "node %u writes what cannot be encoded",
                                    unsigned{self_.at.value});
      return;
    }
    auto const views = pack.written();
    for (std::size_t i = 0; i < records.size(); ++i) {
      cluster_.log().mix(views[i].checksum);
      if (cluster_.log().recording()) {
        cluster_.log().line(cluster_.now(), "node %llu writes %s, ticket %llu",
                            wide(self_.id.value), describe(records[i]).c_str(),
                            wide(records[i].number.value));
      }
      cluster_.checks().appended(self_.self(), records[i].number,
                                 pack.fact(records[i], views[i].checksum));
    }
    self_.disk.append(views, records.back().number);
  }

  void flush() {}
  [[nodiscard]] ticket durable() {
    ticket const upto = self_.disk.durable();
    cluster_.checks().confirmed(self_.self(), upto);
    return upto;
  }
  [[nodiscard]] bool storage_failed() { return dead() || self_.disk.failed(); }

  void decide(typename output_type::decision const& decision) {
    if (!spend()) return;
    auto& pack = cluster_.pack();
    value_digest const value = pack.digest(decision.value);
    cluster_.log().mix(value);
    if (cluster_.log().recording()) {
      cluster_.log().line(cluster_.now(), "node %llu decides slot %llu: %s", wide(self_.id.value),
                          wide(decision.at.value), describe(decision.value).c_str());
    }
    cluster_.checks().decided(self_.self(), {decision.lane, decision.at}, value,
                              pack.commands(decision.value));
    if (decision.value.is_batch()) {
      for (command const& one : decision.value.commands()) self_.machine.apply(one);
    }
    ++self_.applied;
    cluster_.checks().applied(self_.self(), self_.applied, value, 0);
    cluster_.clients().decided(self_, decision, value);
  }
  void refuse(refused_proposal<command> const& refused) {
    if (!dead()) cluster_.clients().refused(self_, refused);
  }
  void answer(typename Cluster::answer_type const& answer) {
    if (!dead()) cluster_.clients().answered(self_, answer);
  }
  void notify(core_event const& event) {
    if (!dead()) cluster_.clients().notified(self_, event);
  }

  // -- what the network calls
  // -----------------------------------------------------------------------

  // Everything that does not come from a verified peer of this cluster, whole and in its present
  // life, is counted and dropped.
  void receive(packet const& arrived) {
    result<frame> const got =
        decode_frame(arrived.frame, frame_family::peer, frame_body_max_default);
    if (!got) return reject(got.error().code);
    node const& sender = cluster_.at(arrived.from);
    if (got->header.from != sender.id) return reject(error_code::unverified_sender);
    shake_hands(arrived, got->header);
    peer_life const& known = self_.verified[arrived.from.value];
    if (error const why = check_origin(got->header, cluster_.identity(), known.proven)) {
      return reject(why.code);
    }
    check_frame(arrived, got->header);
    message_type message;
    if (!cluster_.pack().read(got->body, message)) return reject(error_code::malformed);
    if (cluster_.log().recording()) {
      cluster_.log().line(cluster_.now(), "%llu -> %llu %s", wide(sender.id.value),
                          wide(self_.id.value), setup::describe_message(message).c_str());
    }
    self_.core->step(self_.now(cluster_.now()), sender.id, std::move(message), self_.out);
    cluster_.turn(self_);
  }

  // Sends what a node of another cluster would send, which nobody may believe.
  void send_foreign(node_index to, random_source& chance) {
    frame_header stranger = header();
    stranger.cluster.low ^= 1;
    forgery what;
    what.from = self_.id;
    what.to = cluster_.at(to).id;
    std::optional<message_type> message;
    while (!message) message = forge<message_type, command>(what, chance);
    dispatch(to, stranger, std::move(message));
  }
  void send_forged(node const& target, random_source& chance) {
    forgery what;
    what.from = self_.id;
    what.to = target.id;
    what.last = cluster_.checks().last_proposal();
    what.campaign = cluster_.checks().last_campaign().at;
    what.learner = self_.at.value >= cluster_.options().nodes;
    proposal_fact const& last = what.last;
    if (auto const* vote = cluster_.checks().disks().vote_of(target.at, last.lane, last.at_slot)) {
      what.voted = vote->at;
    }
    dispatch(target.at, header(), forge<message_type, command>(what, chance));
  }

 private:
  [[nodiscard]] bool dead() const { return self_.dying; }
  // Returns: whether the process still lives to do this.
  bool spend() {
    if (self_.dying) return false;
    if (self_.effects_left == node::endless) return true;
    if (self_.effects_left-- > 0) return true;
    self_.dying = true;
    return false;
  }

  [[nodiscard]] frame_header header() const {
    frame_header made;
    made.kind = frame_kind::protocol;
    made.cluster = cluster_.identity();
    made.from = self_.id;
    made.life = self_.disk.life();
    return made;
  }

  // A connection begins with a handshake, in which a peer proves its newest life.
  void shake_hands(packet const& arrived, frame_header const& header) {
    peer_life& known = self_.verified[arrived.from.value];
    if (arrived.sender_life <= known.number) return;
    known = {arrived.sender_life, header.life};
  }

  // What was let in, judged once more by what the simulator knows about the packet.
  void check_frame(packet const& arrived, frame_header const& header) {
    violations& found = cluster_.checks().found();
    unsigned const from = arrived.from.value;
    if (header.cluster != cluster_.identity()) {
      found.add("frame", "node %u takes a frame of another cluster from %u",
                unsigned{self_.at.value}, from);
    }
    if (arrived.sender_life < self_.verified[from].number) {
      found.add("frame", "node %u takes a frame of life %u of node %u, whose life %u it knows",
                unsigned{self_.at.value}, arrived.sender_life, from, self_.verified[from].number);
    }
    if (arrived.damaged) {
      found.add("frame", "node %u takes a damaged frame from %u", unsigned{self_.at.value}, from);
    }
  }

  void dispatch(node_index to, frame_header const& as, std::optional<message_type> message) {
    if (!message) return;
    if (cluster_.log().recording()) {
      cluster_.log().line(cluster_.now(), "-- %llu forges for %llu: %s", wide(self_.id.value),
                          wide(cluster_.at(to).id.value),
                          setup::describe_message(*message).c_str());
    }
    cluster_.carry(
        {cluster_.pack().frame(as, *message), self_.at, to, self_.life, cluster_.at(to).life});
  }

  void reject(error_code why) { self_.refused.count(why); }

  void note_send(node_index target, shared_bytes const& frame, message_type const& message) {
    wire_reader checksum(frame.bytes().subspan(frame_header_length - 8, 4));
    cluster_.log().mix(target.value, checksum.get<std::uint32_t>());
    if (!cluster_.log().recording()) return;
    cluster_.log().line(cluster_.now(), "%llu sends %llu %s", wide(self_.id.value),
                        wide(cluster_.at(target).id.value),
                        setup::describe_message(message).c_str());
  }

  Cluster& cluster_;
  node& self_;
};

}  // namespace synod::testing
