// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/json.hpp>
#include <synod/asio/replica_status.hpp>
#include <synod/observe/counters.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace synod::asio {

inline std::string text_of(ballot const& at) {
  return std::to_string(at.config) + "." + std::to_string(at.round) + "." +
         std::to_string(at.owner.value);
}
inline std::string text_of(error const& why) {
  if (!why) return {};
  char text[256];
  std::size_t const length = why.render(text);
  return {text, length};
}
inline std::string hexadecimal(std::uint64_t high, std::uint64_t low) {
  std::string text;
  for (std::uint64_t const half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[half >> shift & 15];
  }
  return text;
}
inline std::string text_of(std::vector<node_id> const& nodes) {
  std::string text;
  for (node_id const one : nodes) {
    if (!text.empty()) text += ", ";
    text += std::to_string(one.value);
  }
  return text;
}

// Why a slot is not decided: who has not answered, who cannot be reached, what is missing.
inline std::string why_not_decided(replica_status const& of, open_slot const& one) {
  std::string text = "slot " + std::to_string(one.at.value) + " of ballot " +
                     text_of(of.leader.at) + " is not decided: ";
  text += one.voted.empty() ? "nobody has accepted it"
                            : "accepted by " + text_of(one.voted) + ", which is no quorum";
  if (!one.silent.empty()) text += "; no answer from " + text_of(one.silent);
  if (!one.unlinked.empty()) text += "; no connection to " + text_of(one.unlinked);
  if (!one.would_do.empty()) text += "; a quorum would be " + text_of(one.would_do);
  if (of.highest_seen > of.leader.at) {
    text += "; blocked by the higher ballot " + text_of(of.highest_seen);
  }
  return text;
}

// Why nothing at all is decided, or nothing where there is a leader that works.
inline std::string what_it_waits_for(replica_status const& of) {
  switch (of.phase) {
    case replica_phase::idle: return "it was not started";
    case replica_phase::stopped: return "it has stopped: " + text_of(of.why);
    case replica_phase::founding: {
      std::vector<node_id> missing;
      for (link_status const& one : of.links) {
        if (!one.linked) missing.push_back(one.id);
      }
      if (missing.empty()) return "the members agree on what cluster this is";
      return "all members must be there before the cluster is founded; no connection to " +
             text_of(missing);
    }
    case replica_phase::running: break;
  }
  if (of.read_only) {
    return "room on the disk: it takes no new commands; free space where " + of.data + " is";
  }
  if (!of.open.empty()) return why_not_decided(of, of.open.front());
  if (of.leader.leader.has_value()) return {};
  std::size_t reached = 1;
  std::size_t voters = 0;
  std::vector<node_id> missing;
  for (member const& one : of.members.members()) {
    if (one.role != member_role::voter) continue;
    ++voters;
    for (link_status const& link : of.links) {
      if (link.id != one.id) continue;
      if (link.linked) {
        ++reached;
      } else {
        missing.push_back(one.id);
      }
    }
  }
  if (!of.elects_leader && 2 * reached > voters) return {};
  std::string text = (of.elects_leader ? "no leader: " : "too few: ") + std::to_string(reached) +
                     " of " + std::to_string(voters) + " voters are connected here";
  if (!missing.empty()) text += "; no connection to " + text_of(missing);
  return text;
}

namespace detail {

inline void write_nodes(json_writer& out, std::string_view name, std::vector<node_id> const& all) {
  out.key(name).open('[');
  for (node_id const one : all) out.value(one.value);
  out.close(']');
}

inline void write_members(json_writer& out, membership const& all) {
  out.key("members").open('[');
  for (member const& one : all.members()) {
    out.open('{');
    out.field("id", one.id.value);
    out.field("role", one.role == member_role::voter ? "voter" : "learner");
    out.field("address", one.endpoint.c_str());
    out.close('}');
  }
  out.close(']');
}

inline void write_links(json_writer& out, std::vector<link_status> const& all) {
  out.key("links").open('[');
  for (link_status const& one : all) {
    out.open('{');
    out.field("id", one.id.value);
    out.field("linked", one.linked);
    out.field("refused", one.refused);
    out.field("queued_bytes", one.queued_bytes);
    out.field("dropped_frames", one.dropped_frames);
    out.field("attempts", one.attempts);
    out.field("last_error", text_of(one.last));
    out.close('}');
  }
  out.close(']');
}

}  // namespace detail

inline std::string json_of(replica_status const& of) {
  json_writer out;
  out.open('{');
  out.field("id", of.self.value);
  out.field("phase", name_of(of.phase));
  out.field("why", text_of(of.why));
  out.field("cluster", hexadecimal(of.cluster.high, of.cluster.low));
  out.field("store", hexadecimal(of.store.high, of.store.low));
  out.field("incarnation", of.life.counter);
  out.field("protocol", of.protocol);
  out.key("leader");
  if (of.leader.leader.has_value()) {
    out.value(of.leader.leader->value);
  } else {
    out.nothing();
  }
  out.field("leads", of.leads);
  out.field("read_only", of.read_only);
  out.field("campaigns", of.preparing);
  out.field("ballot", text_of(of.leader.at));
  out.field("highest_ballot_seen", text_of(of.highest_seen));
  out.field("configuration", of.members.number().value);
  out.field("applied", of.applied.value);
  out.field("chosen_upto", of.chosen_upto.value);
  out.field("last_proposed", of.last_proposed.value);
  out.field("trimmed_upto", of.floor.value);
  out.field("sessions", of.sessions);
  out.field("operations", of.operations);
  out.field("frames_received", of.frames_received);
  out.field("frames_refused", of.frames_refused);
  detail::write_members(out, of.members);
  detail::write_links(out, of.links);
  out.field("waits_for", what_it_waits_for(of));
  out.key("open_slots").open('[');
  for (open_slot const& one : of.open) {
    out.open('{');
    out.field("slot", one.at.value);
    detail::write_nodes(out, "accepted_by", one.voted);
    detail::write_nodes(out, "no_answer_from", one.silent);
    detail::write_nodes(out, "no_connection_to", one.unlinked);
    detail::write_nodes(out, "a_quorum_would_be", one.would_do);
    out.field("why", why_not_decided(of, one));
    out.close('}');
  }
  out.close(']');
  out.close('}');
  return out.text() + "\n";
}

// Figures in the text format of Prometheus.
class metrics_text {
 public:
  void add(std::string_view name, std::string_view help, std::string_view type,
           std::uint64_t value) {
    head(name, help, type);
    text_ += "synod_" + std::string(name) + " " + std::to_string(value) + "\n";
  }
  void head(std::string_view name, std::string_view help, std::string_view type) {
    text_ += "# HELP synod_" + std::string(name) + " " + std::string(help) + "\n";
    text_ += "# TYPE synod_" + std::string(name) + " " + std::string(type) + "\n";
  }
  void labelled(std::string_view name, std::string_view label, std::string_view value,
                std::uint64_t number) {
    text_ += "synod_" + std::string(name) + "{" + std::string(label) + "=\"" + std::string(value) +
             "\"} " + std::to_string(number) + "\n";
  }
  void quantiles(std::string_view name, std::string_view help, histogram const& of) {
    head(name, help, "summary");
    labelled(name, "quantile", "0.5", of.at_permille(500));
    labelled(name, "quantile", "0.9", of.at_permille(900));
    labelled(name, "quantile", "0.99", of.at_permille(990));
    labelled(name, "quantile", "0.999", of.at_permille(999));
    text_ += "synod_" + std::string(name) + "_sum " + std::to_string(of.sum()) + "\n";
    text_ += "synod_" + std::string(name) + "_count " + std::to_string(of.count()) + "\n";
  }

  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  std::string text_;
};

inline std::string metrics_of(replica_status const& of, counters const* figures) {
  metrics_text out;
  out.add("up", "Whether the replica runs.", "gauge", of.phase == replica_phase::running ? 1 : 0);
  out.add("leads", "Whether this replica leads.", "gauge", of.leads ? 1 : 0);
  out.add("read_only", "Whether it takes no new commands, since the disk is full.", "gauge",
          of.read_only ? 1 : 0);
  out.add("applied_slot", "The slot applied last.", "counter", of.applied.value);
  out.add("chosen_slot", "The slot up to which all are known to be chosen.", "counter",
          of.chosen_upto.value);
  out.add("open_slots", "Slots proposed here and not decided.", "gauge",
          of.last_proposed > of.chosen_upto ? of.last_proposed - of.chosen_upto : 0);
  out.add("trimmed_slot", "The slot up to which the log is forgotten.", "counter", of.floor.value);
  out.add("configuration", "The number of the configuration in force.", "gauge",
          of.members.number().value);
  out.add("ballot_round", "The round of the highest ballot seen.", "counter",
          of.highest_seen.round);
  out.add("sessions", "Sessions of clients that are remembered.", "gauge", of.sessions);
  out.add("operations", "Operations of this process under way.", "gauge", of.operations);
  out.add("frames_received_total", "Frames received from peers.", "counter", of.frames_received);
  out.add("frames_refused_total", "Frames and connections refused.", "counter", of.frames_refused);
  out.head("link_up", "Whether a peer is connected.", "gauge");
  for (link_status const& one : of.links) {
    out.labelled("link_up", "peer", std::to_string(one.id.value), one.linked ? 1 : 0);
  }
  out.head("link_queued_bytes", "Bytes that wait to be sent to a peer.", "gauge");
  for (link_status const& one : of.links) {
    out.labelled("link_queued_bytes", "peer", std::to_string(one.id.value), one.queued_bytes);
  }
  out.head("link_dropped_frames_total", "Frames dropped since a peer was too slow.", "counter");
  for (link_status const& one : of.links) {
    out.labelled("link_dropped_frames_total", "peer", std::to_string(one.id.value),
                 one.dropped_frames);
  }
  if (figures == nullptr) return out.text();
  out.add("operations_done_total", "Operations that ended with a result.", "counter",
          figures->operations_done);
  out.add("operations_refused_total", "Operations that were definitely not done.", "counter",
          figures->operations_refused);
  out.add("operations_unknown_total", "Operations whose fate is unknown.", "counter",
          figures->operations_unknown);
  out.add("reads_done_total", "Reads of this process that were served.", "counter",
          figures->reads_done);
  out.add("reads_refused_total", "Reads of this process that were not.", "counter",
          figures->reads_refused);
  out.add("records_written_total", "Records that became durable.", "counter", figures->records);
  out.add("record_bytes_total", "Their bodies, in bytes.", "counter", figures->record_bytes);
  out.add("message_bytes_sent_total", "Bytes of protocol messages sent to peers.", "counter",
          figures->message_bytes_sent);
  out.add("commands_proposed_total", "Commands proposed here.", "counter",
          figures->commands_proposed);
  out.add("commands_applied_total", "Commands applied.", "counter", figures->commands_applied);
  out.add("leader_changes_total", "Changes of leadership seen.", "counter",
          figures->leader_changes);
  out.add("snapshots_taken_total", "Snapshots taken.", "counter", figures->snapshots_taken);
  out.quantiles("operation_nanoseconds", "From the arrival of a command to its result.",
                figures->operation_ns);
  out.quantiles("read_nanoseconds", "From the call of a read to its result.", figures->read_ns);
  out.quantiles("write_nanoseconds", "From writing to the disk until it is durable.",
                figures->write_ns);
  out.quantiles("batch_commands", "Commands in a batch.", figures->batch_commands);
  return out.text();
}

}  // namespace synod::asio
