// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/client_state.hpp>

// How a client sends, hears and ends: the other half of client_state.hpp.

namespace synod::asio {

// What handlers begin leaves in a second round, and only in one: others want to run here as well.
template <class M, class C, class E>
void client_state<M, C, E>::turn() {
  bool const outer = !std::exchange(in_turn_, true);
  bool whole = false;  // and not cut short by a handler that throws
  at_end const leave([&] {
    turn_due_ = turn_due_ || !whole;
    in_turn_ = !outer;
    now_ = 0;
    if (outer && turn_due_) wake();
  });
  turn_once();
  if (turn_due_) turn_once();
  whole = true;
}

template <class M, class C, class E>
void client_state<M, C, E>::turn_once() {
  turn_due_ = false;
  if (!ended_) {
    time_ns const at = now();
    if (unopened_ <= at) give_up_late(at);
    session_.tick(at, out_);
    drive();
    time_ns const next = session_.next_deadline();
    time_ns const soonest = next < unopened_ ? next : unopened_;
    if (soonest < alarm_.due()) alarm_.set(soonest, hold(), [this] { wake(); });
  }
  book_.run(memory_);
  if (book_.wants_run()) turn_due_ = true;
}

// Connections that did not come about in time.
template <class M, class C, class E>
void client_state<M, C, E>::give_up_late(time_ns now) {
  unopened_ = never;
  for (pointer const& one : std::vector<pointer>(connections_)) {
    time_ns const deadline = one->attached.deadline;
    if (deadline <= now) {
      one->close({error_code::timed_out, one->attached.to.value, "connect", ""});
    } else if (deadline < unopened_) {
      unopened_ = deadline;
    }
  }
}

// Sends what the session wants sent, and tells the callers what has ended.
template <class M, class C, class E>
void client_state<M, C, E>::drive() {
  if (out_.send.empty() && out_.finished.empty()) return;
  departure with;
  // What follows from these is added behind them.
  std::size_t sent = 0;
  std::size_t finished = 0;
  while (finished < out_.finished.size() || sent < out_.send.size()) {
    if (finished < out_.finished.size()) {
      finish(session_finished(std::move(out_.finished[finished++])));
    } else {
      send(session_request(out_.send[sent++]), with);
    }
  }
  out_.send.clear();
  out_.finished.clear();
  depart(with);
}

template <class M, class C, class E>
void client_state<M, C, E>::finish(session_finished const& one) {
  std::size_t const place = client_session<payload>::place_of(one.handle);
  if (place >= tracked_.size() || tracked_[place].handle != one.handle) return;
  std::uint64_t const token = std::exchange(tracked_[place], {}).token;
  if (one.fate && one.handle == answered_handle_) {
    book_.look(token, encoded_reply<C>{coder_, answered_bytes_});
  } else if (one.fate.refused() != nullptr) {
    // Why nobody could be reached says more than how long it took to give up.
    bool const late = one.fate.error().code == error_code::timed_out;
    book_.refuse(token, late && unreached_ ? unreached_ : one.fate.error());
  } else {
    book_.fail(token, one.fate.error());
  }
}

template <class M, class C, class E>
void client_state<M, C, E>::send(session_request const& one, departure& with) {
  client_request asked;
  asked.what = one;
  asked.wish = one.read ? client_wish::read : client_wish::command;
  if (one.handle == 0) asked.wish = client_wish::open;
  if (payload const* const what = session_.payload(one.handle)) {
    asked.payload = what->bytes();
    asked.level = what->level;
  } else if (one.handle != 0) {
    return;  // it has ended meanwhile
  }
  connection* const over = connection_to(one.to);
  if (over == nullptr) return session_.connection_lost(now(), one.to, out_);
  if (over != with.over || with.frames.bytes().size() >= departure_bytes) {
    depart(with);
    with.over = over;
  }
  write_client_frame(with.frames.bytes(), frame_kind::request, cluster_, node_id(), asked);
}

template <class M, class C, class E>
void client_state<M, C, E>::depart(departure& what) {
  std::vector<std::byte>& frames = what.frames.bytes();
  if (frames.empty()) return;
  if (what.over->attached.open) {
    what.over->send(frames);
  } else {
    append_bytes(what.over->attached.waiting, frames);
  }
  frames.clear();
}

// Null if nobody knows where that is.
template <class M, class C, class E>
auto client_state<M, C, E>::connection_to(node_id id) -> connection* {
  if (last_ != nullptr && last_->attached.to == id) return last_;
  for (pointer const& one : connections_) {
    if (one->attached.to == id) return last_ = one.get();
  }
  server const* where = nullptr;
  for (server const& one : servers_) {
    if (one.id == id) where = &one;
  }
  if (where == nullptr) return nullptr;
  connections_.emplace_back(
      new connection(tcp_socket<E>(executor_), *this, frame_family::client, options_.connection));
  connection& made = *connections_.back();
  made.attached.to = id;
  made.attached.deadline = now() + options_.connect_timeout_ns;
  if (made.attached.deadline < unopened_) unopened_ = made.attached.deadline;
  last_ = &made;
  made.socket().async_connect(
      where->at, [self = pointer(&made), this](boost::system::error_code bad) {
        if (!self->is_open()) return;
        if (bad) {
          return self->close({error_code::connection_lost, static_cast<std::uint64_t>(bad.value()),
                              "connect", "the replica does not run, or serves clients elsewhere"});
        }
        self->start();
        hello(*self);
      });
  return &made;
}

template <class M, class C, class E>
void client_state<M, C, E>::hello(connection& over) {
  client_hello mine;
  mine.cluster_name = short_text(options_.cluster.c_str());
  mine.to = over.attached.to;
  std::vector<std::byte> bytes;
  write_client_frame(bytes, frame_kind::hello, cluster_, node_id(), mine);
  over.push(std::move(bytes));
  over.flush();
}

template <class M, class C, class E>
void client_state<M, C, E>::frame_passes(connection& over, passing_frame const& one) {
  auto const refuse = [&](error_code why) {
    over.close({why, over.attached.to.value, "replica", "check the addresses of the servers"});
  };
  if (!over.attached.open) {
    client_hello got;
    if (one.header.kind != frame_kind::hello || !read_client_frame(one.body, got)) {
      return refuse(error_code::malformed);
    }
    if (got.why != error_code::none) return refuse(got.why);
    if (got.to != over.attached.to) return refuse(error_code::wrong_receiver);
    cluster_id const theirs = one.header.cluster;
    if (!cluster_.empty() && !theirs.empty() && theirs != cluster_) {
      return refuse(error_code::wrong_cluster);
    }
    if (!theirs.empty()) cluster_ = theirs;
    over.attached.open = true;
    unreached_ = {};
    over.attached.deadline = never;
    over.trust(options_.frame_bytes_max);
    std::vector<std::byte> waited = std::exchange(over.attached.waiting, {});
    if (!waited.empty()) over.send(waited);
    return;
  }
  client_reply got;
  if (one.header.kind != frame_kind::reply || !read_client_frame(one.body, got)) {
    return refuse(error_code::malformed);
  }
  if (!one.header.cluster.empty()) cluster_ = one.header.cluster;
  reply_arrived(over.attached.to, got);
}

template <class M, class C, class E>
void client_state<M, C, E>::reply_arrived(node_id from, client_reply const& got) {
  learn(got.members);
  now_ = boot_time();
  if (done_arrived(got.what, got.payload)) return;
  answered_handle_ = got.what.handle;
  answered_bytes_ = got.payload;
  session_.answered(now_, from, got.what, out_);
  drive();
  answered_handle_ = 0;
  answered_bytes_ = {};
}

// What nearly every answer says: who waits for it has the result without a list in between.
template <class M, class C, class E>
bool client_state<M, C, E>::done_arrived(session_answer const& got,
                                         std::span<std::byte const> result) {
  std::size_t const place = client_session<payload>::place_of(got.handle);
  if (got.kind != session_answer_kind::done || place >= tracked_.size()) return false;
  if (tracked_[place].handle != got.handle) return false;
  book_.expect(tracked_[place].token);
  session_.follow(got.hint);
  if (!session_.done(now_, got.handle, got.attempt, got.session, got.number, got.version, out_)) {
    return false;
  }
  book_.look(std::exchange(tracked_[place], {}).token, encoded_reply<C>{coder_, result});
  return true;
}

// Where the replicas are that the cluster has now; what a person named stays known.
template <class M, class C, class E>
void client_state<M, C, E>::learn(served_members const& got) {
  if (got.all.empty() || got.all.size() > node_set::capacity) return;
  std::vector<member> all;
  for (served_member const& one : got.all) {
    member named;
    named.id = one.id;
    named.index = node_index(static_cast<std::uint8_t>(all.size()));
    all.push_back(named);
    auto const at = read_permitted_address(one.address.c_str(), options_.insecure);
    if (!at) continue;
    bool known = false;
    for (server& here : servers_) {
      if (here.id != one.id) continue;
      here.at = *at;
      known = true;
    }
    if (!known) servers_.push_back({one.id, *at});
  }
  if (auto const made = membership::make(got.number, std::move(all))) session_.learn(*made);
}

template <class M, class C, class E>
void client_state<M, C, E>::connection_closed(connection& over, error const& why) {
  node_id const to = over.attached.to;
  if (!over.attached.open && !ended_) {
    unreached_ = why;
    for (server const& one : servers_) {
      if (one.id == to) unreached_.where = kept_text(write_address(one.at));
    }
    if (unreached_.remedy[0] == 0) unreached_.remedy = "is there a replica at that address?";
  }
  if (last_ == &over) last_ = nullptr;
  std::erase_if(connections_, [&](pointer const& one) { return one.get() == &over; });
  if (ended_) return;
  session_.connection_lost(now(), to, out_);
  wake();
}

}  // namespace synod::asio
