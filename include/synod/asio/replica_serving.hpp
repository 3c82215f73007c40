// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/replica_state.hpp>

// What a replica does for clients of other processes and for its admin page: a part of
// replica_state.hpp.

namespace synod::asio {

template <class P, class M, class S, class T, class C, class O>
error_code replica_state<P, M, S, T, C, O>::judge(client_hello const& got) const {
  if (got.version_oldest > client_version_newest || got.version_newest < client_version_oldest) {
    return error_code::wrong_version;
  }
  if (got.cluster_name != short_text(options_.cluster.c_str())) return error_code::wrong_cluster;
  return got.to == self() ? error_code::none : error_code::wrong_receiver;
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::refuse_client(std::uint64_t client,
                                                    session_request const& asked, error_code why) {
  session_answer no;
  no.kind = session_answer_kind::refused;
  no.session = asked.session;
  no.number = asked.number;
  no.attempt = asked.attempt;
  no.handle = asked.handle;
  no.why.code = why;
  if (is_running()) no.hint = node_->core().hint();
  door_.reply(client, {no, {}, {}});
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::asked(std::uint64_t client, client_request const& what) {
  if (input_at_ == 0) input_at_ = boot_time();
  if (!is_running()) return refuse_client(client, what.what, error_code::not_ready);
  if (what.wish == client_wish::open) return node_->serve_opening(input_at_, client, what.what);
  typename M::command command;
  if (!coder_.decode(what.payload, command)) {
    return refuse_client(client, what.what, error_code::malformed);
  }
  if (what.wish == client_wish::command) {
    return node_->serve(input_at_, client, what.what, std::move(command));
  }
  serve_read(client, what, std::move(command));
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::answer(std::uint64_t client, time_ns asked_at,
                                             session_answer const& what,
                                             std::span<std::byte const> reply) {
  if constexpr (hears<O, operation_ended>) {
    // What is refused or uncertain is not over: its client tries again.
    if (asked_at != never && what.kind == session_answer_kind::done) {
      observer_.on(operation_ended{input_at_, boot_time() - asked_at, error_code::none, false});
    }
  }
  door_.reply(client, {what, {}, reply});
}

// A read, of this process or of a client, may look at the machine now.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::readable(std::uint64_t token, error const& why) {
  if constexpr (hears<O, read_ended>) {
    if (operation const* const one = book_.find(token)) {
      observer_.on(read_ended{input_at_, boot_time() - one->began, why.code});
    }
  }
  if (why) {
    book_.fail(token, why);
  } else {
    book_.look(token, node_->state());
  }
}

template <class P, class M, class S, class T, class C, class O>
struct replica_state<P, M, S, T, C, O>::client_read {
  replica_state* at;
  std::uint64_t client;
  session_request asked;

  template <class R>
  void operator()(outcome<R> got) const {
    if (!got) return at->refuse_client(client, asked, got.error().code);
    if (at->ended_) return;
    session_answer yes;
    yes.kind = session_answer_kind::done;
    yes.attempt = asked.attempt;
    yes.handle = asked.handle;
    // All of that slot is in what was read.
    yes.version = position_of(at->node_->execution().applied(), UINT16_MAX);
    std::vector<std::byte> bytes;
    if constexpr (!std::same_as<R, done>) {
      if (!encode_value(at->coder_, *got, bytes)) {
        return at->refuse_client(client, asked, error_code::too_large);
      }
    }
    at->door_.reply(client, {yes, {}, bytes});
  }
};

// Only what the machine answers without changing is a read.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::serve_read(std::uint64_t client, client_request const& asked,
                                                 typename M::command what) {
  auto const begin_one = [&]<class One>(One& one) {
    if constexpr (query_command<M, One>) {
      using query = command_query<M, One>;
      operation& made = make<typename query::result>(client_read{this, client, asked.what},
                                                     query(std::move(one)), true);
      read(made, asked.level, 0);
    } else {
      refuse_client(client, asked.what, error_code::bad_option);
    }
  };
  if constexpr (has_several_commands<M>) {
    std::visit(begin_one, what);
  } else {
    begin_one(what);
  }
}

// Changes with the members, and as their addresses become known.
template <class P, class M, class S, class T, class C, class O>
std::uint64_t replica_state<P, M, S, T, C, O>::served_version() const {
  if (!is_running()) return 0;
  membership const& members = node_->core().members();
  std::uint64_t known = 1;
  for (member const& one : members.members()) {
    greeting const* const said = links_.said_by(one.id);
    if (said != nullptr && !said->clients.empty()) ++known;
  }
  return std::uint64_t{members.number().value} << 32 | known;
}

template <class P, class M, class S, class T, class C, class O>
served_members replica_state<P, M, S, T, C, O>::served() const {
  served_members made;
  if (!is_running()) return made;
  membership const& members = node_->core().members();
  made.number = members.number();
  for (member const& one : members.members()) {
    served_member known{one.id, {}};
    greeting const* const said = links_.said_by(one.id);
    if (one.id == self()) {
      known.address = short_text(options_.client_listen.c_str());
    } else if (said != nullptr) {
      known.address = said->clients;
    }
    made.all.push_back(known);
  }
  return made;
}

template <class P, class M, class S, class T, class C, class O>
admin_page replica_state<P, M, S, T, C, O>::page(std::string_view path) const {
  replica_status const now = status();
  if (path == "/status") return {200, "application/json", json_of(now)};
  if (path == "/metrics") {
    counters const* figures = nullptr;
    if constexpr (std::same_as<O, counters>) figures = &observer_;
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_of(now, figures)};
  }
  if (path == "/healthz") {
    // Healthy is who can serve: it runs, and knows a leader, or needs none.
    std::string const waits_for = what_it_waits_for(now);
    bool const served = P::elects_leader ? now.leader.leader.has_value() : waits_for.empty();
    bool const well = now.phase == replica_phase::running && served;
    return {well ? 200 : 503, "text/plain; charset=utf-8", well ? "ok\n" : waits_for + "\n"};
  }
  if (path == "/" && !options_.admin_page.empty()) {
    return {200, "text/html; charset=utf-8", options_.admin_page};
  }
  return {};
}

}  // namespace synod::asio
