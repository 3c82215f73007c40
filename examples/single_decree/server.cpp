// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include <cstdio>
#include <cstdlib>

namespace decree {

void server::turn() {
  turn_due_ = false;
  synod::time_ns const now = net::boot_time();
  founding_.tick(now, boot_);
  drive_founding();
  if (core_.has_value()) {
    core_->tick(now, out_);
    if (!order_.turn(now, *core_, out_, *this)) {
      std::fprintf(stderr, "the disk failed; nothing more is promised here\n");
      std::exit(1);
    }
  }
  links_.flush();
  door_.flush();
  synod::time_ns soonest = founding_.next_deadline();
  if (core_.has_value() && core_->next_deadline() < soonest) soonest = core_->next_deadline();
  if (soonest != synod::never) {
    alarm_.set(soonest, net::held<server>(this), [this] { wake(); });
  }
}

// First boot: the members agree on what cluster this is, and on which stores are theirs.
void server::drive_founding() {
  for (;;) {
    auto const wanted = std::exchange(boot_, {});
    for (auto const& one : wanted.send_now) {
      send(one.to, synod::frame_kind::founding, one.message);
    }
    for (auto const& one : wanted.persist) journal_.append(one);
    if (!wanted.persist.empty()) founding_.persisted(journal_.durable(true).host, boot_);
    for (auto const& one : wanted.send_after) {
      send(one.to, synod::frame_kind::founding, one.message);
    }
    for (auto const& event : wanted.events) {
      if (event.is<synod::founded>()) begin();
    }
    bool const quiet = boot_.send_now.empty() && boot_.persist.empty() &&
                       boot_.send_after.empty() && boot_.events.empty();
    if (quiet) return;
  }
}

void server::begin() {
  if (core_.has_value()) return;
  paxos::options given;
  given.self = self();
  given.members = founding_.record().members;
  given.seed = log_.life().nonce;
  given.give_up_ns = options_.give_up_ns;
  core_.emplace(given);
  synod::damage harm = journal_.replay(*core_);
  harm.everything = harm.everything || !founding_.may_vote(given.members);
  core_->start(net::boot_time(), harm, out_);
  links_.introduce(greet());
  std::printf("server %llu is ready\n", static_cast<unsigned long long>(options_.id));
  std::fflush(stdout);
}

void server::received(synod::node_id from, synod::frame&& one) {
  synod::time_ns const now = net::boot_time();
  synod::wire_reader in(one.body);
  if (one.header.kind == synod::frame_kind::founding) {
    synod::founding_message message;
    in(message);
    if (!in.finished()) return;
    founding_.step(now, from, message, boot_);
    return drive_founding();
  }
  if (!core_.has_value() || one.header.kind != synod::frame_kind::protocol) return;
  if (!founding_.counts(from, one.header.life, core_->members())) {
    return send(from, synod::frame_kind::founding, synod::founding_message(founding_.hello()));
  }
  paxos::message_type message;
  if (wire_.read(in, message)) core_->step(now, from, std::move(message), out_);
}

void server::asked(std::uint64_t client, net::client_request const& what) {
  synod::session_answer said;
  said.attempt = what.what.attempt;
  said.handle = what.what.handle;
  said.session = what.what.session;
  said.number = what.what.number;
  if (what.wish == net::client_wish::open) {
    // Proposals need no session: whoever asks again is told what is chosen.
    said.kind = synod::session_answer_kind::opened;
    said.session = synod::session_id(1);
    said.token_high = what.what.token_high;
    said.token_low = what.what.token_low;
    return door_.reply(client, {said, {}, {}});
  }
  said.kind = synod::session_answer_kind::refused;
  words::command command;
  bool const good = coder_.decode(what.payload, command);
  if (!core_.has_value() || !good || proposer_.has_value()) {
    said.why.code = !good               ? synod::error_code::malformed
                    : core_.has_value() ? synod::error_code::busy
                                        : synod::error_code::not_ready;
    if (good && core_.has_value() && std::holds_alternative<get>(command)) said.why = {};
    if (said.why) return door_.reply(client, {said, {}, {}});
  }
  if (std::holds_alternative<get>(command)) {
    verdict known;
    known.what = static_cast<std::uint8_t>(core_->is_chosen() ? fate::chosen : fate::open);
    if (core_->is_chosen()) known.value = core_->value().commands().front();
    return tell(client, what.what, known);
  }
  proposer_ = waiting{client, what.what, net::boot_time()};
  auto proposal = batches_.take();
  proposal.commands().push_back(std::get<propose>(command).value);
  if (auto const no = core_->propose(net::boot_time(), std::move(proposal), out_)) {
    proposer_.reset();
    said.why = no->why;
    door_.reply(client, {said, {}, {}});
  }
}

void server::answer(paxos::answer_type const& what) {
  if (!proposer_.has_value()) return;
  waiting const whom = *std::exchange(proposer_, std::nullopt);
  verdict made;
  made.waited_ns = net::boot_time() - whom.since;
  auto const is = [&](fate one) { made.what = static_cast<std::uint8_t>(one); };
  if (auto const* const mine = std::get_if<synod::chosen<std::string>>(&what)) {
    is(fate::chosen);
    made.value = mine->value.commands().front();
  } else if (auto const* const other = std::get_if<synod::converged<std::string>>(&what)) {
    is(fate::converged);
    made.value = other->value.commands().front();
  } else if (auto const* const late = std::get_if<synod::superseded>(&what)) {
    is(fate::superseded);
    made.left = late->left_here;
  } else if (auto const* const lost = std::get_if<synod::unknown>(&what)) {
    is(fate::unknown);
    for (synod::member const& one : core_->members().members()) {
      if (lost->heard.contains(one.index)) made.heard.push_back(one.id.value);
    }
  }
  tell(whom.client, whom.asked, made);
}

void server::tell(std::uint64_t client, synod::session_request const& asked, verdict const& what) {
  synod::session_answer said;
  said.kind = synod::session_answer_kind::done;
  said.attempt = asked.attempt;
  said.handle = asked.handle;
  said.session = asked.session;
  said.number = asked.number;
  std::vector<std::byte> bytes;
  if (!synod::encode_value(coder_, what, bytes)) said.kind = synod::session_answer_kind::forgotten;
  door_.reply(client, {said, {}, bytes});
}

}  // namespace decree
