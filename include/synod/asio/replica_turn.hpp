// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/replica_state.hpp>

// How a replica begins, what it does in a turn, and how it ends: the other half of
// replica_state.hpp.

namespace synod::asio {

template <class P, class M, class S, class T, class C, class O>
error replica_state<P, M, S, T, C, O>::begin() {
  if (error const why = check(options_)) return why;
  auto opened = opening::open(options_.data, options_.disk);
  if (!opened) return in_folder(opened.error(), options_.data);
  store_ = *std::move(opened);
  log_.emplace(store_->log, options_.disk.inline_bytes_max);

  typename node_type::options made;
  made.founding = founding_of(options_, log_->store(), log_->life());
  made.core = options_.protocol;
  made.commands = options_.commands;
  made.reads = options_.reads;
  made.snapshots = options_.snapshots;
  made.policy = snapshot_wish(options_.snapshot_slots, wish_);
  made.seed = options_.seed != 0 ? options_.seed : random_bits();
  made.frame_bytes_max = options_.mesh.frame_bytes_max;
  made.wait_for_storage = false;
  made.stamp_offset_ns = wall_time() - boot_time();
  node_ = std::make_unique<node_type>(
      std::move(made), std::move(machine_), coder_,
      typename node_type::world{*log_, store_->images, outgoing_, *this, watcher_});
  phase_ = replica_phase::founding;
  links_.introduce(greet());
  if (error const why = links_.listen(listening_address(options_))) return why;
  if (!options_.client_listen.empty()) {
    if (error const why = door_.open(*read_address(options_.client_listen))) return why;
  }
  if (!options_.admin_listen.empty()) {
    if (error const why = admin_.open(*read_address(options_.admin_listen))) return why;
  }
  name_peers();
  watch_disk();
  error const why = node_->start(boot_time());
  return why ? in_folder(why, options_.data) : why;
}

template <class P, class M, class S, class T, class C, class O>
greeting replica_state<P, M, S, T, C, O>::greet() const {
  greeting made;
  made.from = node_id(options_.id);
  made.store = log_->store();
  made.life = log_->life();
  made.cluster = node_->boot().cluster();
  made.cluster_name = short_text(options_.cluster.c_str());
  made.protocol = short_text(P::name());
  made.clients = short_text(options_.client_listen.c_str());
  made.service = short_text(options_.service.c_str());
  if (node_->running()) made.highest_round = node_->core().highest_seen().round;
  return made;
}

// Before the cluster is known, the members that a person named; then the members that it has, at
// the addresses that a person named for them, since those may have moved since it was founded.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::name_peers() {
  peers_changed_ = false;
  std::vector<mesh_peer> all;
  auto const add = [&](node_id id, std::string_view address) {
    for (mesh_peer const& known : all) {
      if (known.id == id) return;
    }
    mesh_peer one;
    one.id = id;
    if (auto const at = read_permitted_address(address, options_.insecure)) one.at = *at;
    all.push_back(one);
  };
  auto const named = [&](node_id id) -> std::string_view {
    for (replica_member const& one : options_.members) {
      if (one.id == id.value) return one.address;
    }
    return {};
  };
  bool included = false;
  if (node_->running()) {
    for (governed_from const& one : node_->execution().configurations()) {
      for (member const& other : one.members.members()) {
        included = included || other.id == node_->self();
        auto const address = named(other.id);
        add(other.id, address.empty() ? other.endpoint.c_str() : address);
      }
    }
  }
  if (!included) {
    for (replica_member const& one : options_.members) add(node_id(one.id), one.address);
  }
  links_.set_peers(all);
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::watch_disk() {
  if (!disk_events_.is_open()) {
    int const event = log_->event_descriptor();
    if (event < 0) return;
    boost::system::error_code bad;
    disk_events_.assign(::dup(event), bad);
    if (bad) return;
  }
  disk_events_.async_wait(
      boost::asio::posix::descriptor_base::wait_read,
      [self = held<replica_state>(this)](boost::system::error_code bad) {
        if (bad || self->ended_) return;
        std::uint64_t count = 0;
        // Only who waits is told; how often it rang does not matter.
        if (::read(self->disk_events_.native_handle(), &count, sizeof count) >= 0) self->wake();
        self->watch_disk();
      });
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::wake() {
  turn_due_ = true;
  if (in_turn_ || std::exchange(turn_posted_, true)) return;
  boost::asio::post(executor_, [self = held<replica_state>(this)] {
    self->turn_posted_ = false;
    if (self->turn_due_) self->turn(boot_time());
  });
}

// Does what follows from all that was given to the node, and calls the handlers of what ended.
// Returns what time it is at the end of it. Only where something was given to the disk, which may
// take long, the clock is looked at again.
template <class P, class M, class S, class T, class C, class O>
time_ns replica_state<P, M, S, T, C, O>::act(time_ns now) {
  turn_due_ = false;
  if (!ended_ && node_ != nullptr) {
    taken_then_ = log_->last();
    durable_then_ = log_->known();
    node_->advance(now);
    bool const was_short = std::exchange(short_of_space_, log_->short_of_space());
    if (short_of_space_ != was_short) make_do_with_space();
    if (has_promised()) {
      flush();
      now = boot_time();
    }
    if (phase_ == replica_phase::founding && node_->running()) {
      phase_ = replica_phase::running;
      start_deadline_ = never;
      links_.introduce(greet());
      name_peers();
      book_.complete(start_token_, outcome<done>(done()));
    }
    if (node_stopped_ && !ended_) end(node_stopped_);
  }
  // What handlers begin has begun when they were called: one look at the clock for all.
  run_at_ = now;
  // Two parts are two writes to the disk, for which both wait.
  book_.run(memory_, disk_events_.is_open() ? SIZE_MAX : book_.wanted_now());
  run_at_ = 0;
  if (book_.wants_run()) turn_due_ = true;
  return now;
}

// Whatever is due is looked at first: a node that always has something to do must not forget that
// time passes. What a handler began goes out with the notice of what it waited for, in one write:
// so what handlers ask for follows at once; of many some are called only after what the others
// began left.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::turn(time_ns now) {
  bool const outer = !std::exchange(in_turn_, true);
  bool whole = false;  // and not cut short by a handler that throws
  at_end const leave([&] {
    run_at_ = 0;
    turn_due_ = turn_due_ || !whole;
    in_turn_ = !outer;
    if (outer && turn_due_) wake();
  });
  if (!ended_ && node_ != nullptr) node_->tick(now);
  let_go(now);
  now = act(now);
  for (int rounds = 0; turn_due_ && rounds < rounds_max; ++rounds) {
    bool const more = book_.wants_run();
    now = act(now);
    if (!more) break;
    if (!ended_) flush();
  }
  if (!ended_ && node_ != nullptr) {
    node_->end_turn();
    flush();
  }
  door_.flush();
  look_around(now);
  whole = true;
}

// The end of a turn: what is no consequence of what arrived, but has to be looked after.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::look_around(time_ns now) {
  if (ended_ || node_ == nullptr) return;
  if (grown()) wish_.wanted = true;
  if (peers_changed_) name_peers();
  look_after_waiters(now);
  if (book_.wants_run()) turn_due_ = true;
  if (!ended_) set_alarm(now);
}

// What follows the last snapshot is in memory as well as on the disk, so its bytes are bounded, and
// not only its slots. Writing snapshots must not cost more than writing the log does.
template <class P, class M, class S, class T, class C, class O>
bool replica_state<P, M, S, T, C, O>::grown() {
  std::uint64_t const since = log_->taken() - taken_before_;
  if (options_.snapshot_slots == 0 || since < options_.snapshot_log_bytes) return false;
  auto const newest = store_->images.newest();
  if (newest.has_value() && since < newest->length) return false;
  taken_before_ = log_->taken();
  return true;
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::set_alarm(time_ns now) {
  time_ns soonest = node_->next_deadline();
  if (soonest <= now) return wake();
  if (links_.holds_back() && held_until_ == never) held_until_ = now + options_.mesh.soon_ns;
  for (time_ns one : {start_deadline_, stop_deadline_, held_until_}) {
    if (one < soonest) soonest = one;
  }
  for (auto const* list : {&transfers_, &wishes_}) {
    for (promised const& one : *list) {
      if (one.deadline < soonest) soonest = one.deadline;
    }
  }
  if (soonest != never) {
    alarm_.set(soonest, held<replica_state>(this), [this] { wake(); });
  }
}

// Transfers, snapshots, start and stop: what has come about, and what took too long.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::look_after_waiters(time_ns now) {
  if (start_deadline_ == never && transfers_.empty() && wishes_.empty() && !stopping_) {
    return wish_.ended.reset();
  }
  error const late{error_code::timed_out, options_.id, "replica", "look at status()"};
  if (now >= start_deadline_) {
    start_deadline_ = never;
    book_.fail(start_token_, late);
  }
  if (node_->running()) {
    auto const leader = node_->core().hint().leader;
    std::erase_if(transfers_, [&](promised const& one) {
      if (leader == one.to) {
        book_.complete(one.token, outcome<done>(done()));
        return true;
      }
      if (book_.find(one.token) == nullptr) return true;
      return now >= one.deadline && book_.fail(one.token, late);
    });
  }
  if (wish_.ended.has_value()) {
    auto const newest = store_->images.newest();
    bool const well = newest.has_value() && newest->upto >= *wish_.ended;
    for (promised const& one : wishes_) {
      if (well) {
        book_.complete(one.token, outcome<slot>(newest->upto));
      } else {
        book_.fail(one.token, {error_code::io_failure, wish_.ended->value, "snapshot", ""});
      }
    }
    wishes_.clear();
    wish_.ended.reset();
  }
  std::erase_if(wishes_, [&](promised const& one) {
    return book_.find(one.token) == nullptr || (now >= one.deadline && book_.fail(one.token, late));
  });
  bool const leads = node_->running() && node_->core().leads();
  if (stopping_ && (!leads || now >= stop_deadline_)) {
    end({error_code::shutting_down, options_.id, "replica", "it was stopped"});
  }
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::transfer(operation& one, node_id to) {
  std::uint64_t const token = one.token;
  if (!is_running()) return refuse(token, not_running());
  if constexpr (std::constructible_from<typename core_type::request_type, transfer_request>) {
    if (auto const no = node_->request(boot_time(), transfer_request{to})) {
      return refuse(token, no->why);
    }
    transfers_.push_back({token, to, later(options_.transfer_timeout_ns)});
    wake();
  } else {
    refuse(token, {error_code::bad_option, to.value, "transfer", "this protocol has no leader"});
  }
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::hand_over() {
  if constexpr (std::constructible_from<typename core_type::request_type, transfer_request>) {
    if (ended_ || node_ == nullptr || !node_->running() || !node_->core().leads()) return;
    for (member const& one : node_->core().members().members()) {
      bool const can = one.role == member_role::voter && links_.linked(one.id);
      if (can && !node_->request(boot_time(), transfer_request{one.id})) return;
    }
  }
}

// Down to what must stay free of the disk, a node takes a snapshot so that its log can forget, and
// nothing new until there is room again. It goes on to lead: the others may be no better off, and
// who leads can say at once that a command was not done, and why.
template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::make_do_with_space() {
  node_->read_only(short_of_space_);
  if (short_of_space_) wish_.wanted = true;
}

template <class P, class M, class S, class T, class C, class O>
void replica_state<P, M, S, T, C, O>::end(error const& why) {
  if (ended_) return;
  last_ = status();
  ended_ = true;
  why_ = why;
  phase_ = replica_phase::stopped;
  links_.close();
  door_.close();
  // A replica that failed goes on to say why.
  if (why.code == error_code::shutting_down) admin_.close();
  alarm_.close();
  boost::system::error_code ignored;
  disk_events_.close(ignored);
  for (std::uint64_t const one : stops_) book_.complete(one, outcome<done>(done()));
  stops_.clear();
  book_.fail_all(why);
  start_token_ = 0;
  // The log writes what is staged, and gives the folder free.
  node_.reset();
  log_.reset();
  store_.reset();
  wake();
}

}  // namespace synod::asio
