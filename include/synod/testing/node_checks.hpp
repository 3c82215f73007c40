// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/codec/values.hpp>
#include <synod/roles/messages.hpp>
#include <synod/runtime/founding_record.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/network.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace synod::testing {

// What is checked of whole nodes beside what their clients see: that all of them did the same, that
// one cluster was founded and not two, and that nobody votes or is believed that forgot.
template <class Cluster>
class node_checks {
 public:
  using box = typename Cluster::box;
  using command = typename Cluster::machine_type::command;

  explicit node_checks(Cluster& of) : cluster_(of) {}

  // Everything up to that slot is applied there, and the digest is of all of it.
  void applied(box& self, slot upto) {
    std::uint64_t const digest = self.process->execution().digest();
    auto const at = static_cast<std::size_t>(upto.value);
    if (digests_.size() <= at) digests_.resize(at + 1);
    cluster_.log().mix(self.at.value, upto.value, digest);
    if (digests_[at] == 0) digests_[at] = digest;
    if (digests_[at] == digest) return;
    cluster_.found().add("I3", "node %llu differs from another one after slot %llu",
                         wide(self.id.value), wide(upto.value));
  }

  // Some members always keep what they answered when the cluster was founded, so it happens once.
  void booted(box& self) {
    auto const& boot = self.process->boot();
    if (!boot.is_founded()) return;
    if (!founded_.has_value()) {
      founded_ = boot.record();
      cluster_id_ = boot.cluster();
    }
    if (boot.cluster() == cluster_id_) return;
    cluster_.found().add("I1", "node %llu is of another cluster than the one that began",
                         wide(self.id.value));
  }

  // A store that was put in the place of another one has nothing to say of promises and votes,
  // unless the cluster was founded with it.
  void sent(box const& from, shared_bytes const& frame) {
    if (!from.lost || !founded_.has_value()) return;
    member const* const named = founded_->members.find(from.id);
    if (named != nullptr && named->store == from.store) return;
    if (votes(frame)) {
      cluster_.found().add("I4", "node %llu votes, and forgot", wide(from.id.value));
    }
  }

  // An old disk does not know what it forgot: those who remember its later life must not listen
  // (H16).
  void arrives(box const& to, packet const& got) {
    box const& from = *cluster_.boxes()[got.from.value];
    bool const old = from.rewound && got.sender_life > from.rewound_after;
    if (!old || !to.whole() || !to.process->running() || !votes(got.frame)) return;
    auto const read = decode_frame(got.frame, frame_family::peer, frame_body_max_default);
    // Restarts that nobody hears of may count as many lives as were forgotten; that is not seen.
    bool const unseen = from.tried_again == 0 && read->header.life.counter > from.lives_once;
    if (unseen || !to.process->boot().verified(read->header.from, read->header.life)) return;
    cluster_.found().add("I4", "node %llu believes node %llu, which has an old disk",
                         wide(to.id.value), wide(from.id.value));
  }

 private:
  bool votes(shared_bytes const& frame) {
    auto const got = decode_frame(frame, frame_family::peer, frame_body_max_default);
    if (!got || got->header.kind != frame_kind::protocol) return false;
    wire_reader in(got->body);
    typename Cluster::core_type::message_type message;
    if (!wire_.read(in, message)) return false;
    return message.template get_if<shared<promise<command>>>() != nullptr ||
           message.template get_if<accepted<command>>() != nullptr;
  }

  Cluster& cluster_;
  batch_pool<command> batches_;
  value_coder<command, typename Cluster::codec> values_{batches_, typename Cluster::codec()};
  typename Cluster::protocol::template wire<typename Cluster::machine_type, typename Cluster::codec>
      wire_{values_};
  std::optional<founding_record> founded_;
  cluster_id cluster_id_;
  std::vector<std::uint64_t> digests_;  // after each slot
};

}  // namespace synod::testing
