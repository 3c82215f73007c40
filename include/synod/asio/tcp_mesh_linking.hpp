// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/tcp_mesh.hpp>

// How connections of a mesh come to be links and cease to be: the other half of tcp_mesh.hpp.

namespace synod::asio {

template <class Executor, class Host>
void tcp_links<Executor, Host>::set_peers(std::vector<mesh_peer> const& all) {
  for (auto& one : peers_) one->kept = false;
  for (mesh_peer const& wanted : all) {
    if (wanted.id == self_.from) continue;
    peer* one = find(wanted.id);
    if (one == nullptr && peers_.size() < peers_max) {
      one = peers_.emplace_back(std::make_unique<peer>()).get();
    }
    if (one == nullptr) continue;
    bool const moved = one->at != wanted.at;
    static_cast<mesh_peer&>(*one) = wanted;
    one->kept = true;
    if (moved && one->link == nullptr && one->dialling == nullptr) one->dial_at = 0;
  }
  for (std::size_t i = peers_.size(); i-- > 0;) {
    if (!peers_[i]->kept) cut(peers_[i]->id, {error_code::unknown_member, 0, "mesh", ""});
  }
  hurry();
  flush();  // what is to be flushed is known by its place
  std::erase_if(peers_, [](auto const& one) { return !one->kept; });
  awake();
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::awake() {
  if (closed_) return;
  time_ns const now = boot_time();
  for (pointer const& one : std::vector<pointer>(connections_)) {
    bool const retired = one->attached.at == phase::linked;
    if (one->attached.deadline <= now && retired && one->moved() != one->attached.moved) {
      retire(*one);
    } else if (one->attached.deadline > now) {
      wake_at(one->attached.deadline);
    } else if (retired) {
      one->close({error_code::superseded, 0, "mesh", ""});
    } else {
      counts_.refused.count(error_code::timed_out);
      one->close({error_code::timed_out, 0, "greeting", "the other side does not answer"});
    }
  }
  for (auto const& one : peers_) {
    bool const idle = one->link == nullptr && one->dialling == nullptr;
    if (!idle || !one->at.has_value()) continue;
    if (one->dial_at <= now) {
      dial(*one);
    } else {
      wake_at(one->dial_at);
    }
  }
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::frame_arrived(connection& over, frame&& one) {
  switch (over.attached.at) {
    case phase::connecting: return;
    case phase::called:
    case phase::greeted: return greeting_arrived(over, one);
    case phase::linked: break;
  }
  if (one.header.kind == frame_kind::handshake || one.header.from != over.attached.who->id) {
    counts_.refused.count(error_code::unverified_sender);
    return over.close({error_code::unverified_sender, one.header.from.value, "mesh", ""});
  }
  // Until a cluster is founded, founding is all there is to talk about.
  bool const founding = one.header.kind == frame_kind::founding;
  cluster_id const expected = founding ? one.header.cluster : self_.cluster;
  error why = check_origin(one.header, expected, over.attached.theirs.life);
  if (!why && !founding && self_.cluster.empty()) why.code = error_code::wrong_cluster;
  if (why) return counts_.refused.count(why.code);
  host_.received(over.attached.who->id, std::move(one));
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::greeting_arrived(connection& over, frame const& one) {
  auto const got = one.header.kind == frame_kind::handshake
                       ? read_greeting(one.header, one.body.bytes())
                       : error{error_code::unverified_sender, one.header.from.value, "mesh", ""};
  if (!got) return refuse(over, got.error());
  over.attached.theirs = *got;
  bool const dialled = over.attached.dialled;
  if (dialled && got->step == greeting_step::refusal) {
    peer& who = *over.attached.who;
    who.refused = true;
    who.last = {got->why, who.id.value, "refused by a peer", ""};
    if (got->from == who.id && got->cluster_name == self_.cluster_name) {
      host_.refused_by(who.id, got->why);
    }
    return over.close(who.last);
  }
  bool const in_turn = got->step == (dialled ? greeting_step::answer : greeting_step::call);
  error why = in_turn ? check_greeting(*got, host_.greet())
                      : error{error_code::malformed, 0, "greeting", "close the connection"};
  if (!why && dialled && got->from != over.attached.who->id) {
    why = {error_code::wrong_receiver, got->from.value, "greeting",
           "check the addresses of the members"};
  }
  if (!why) why = host_.judge(*got);
  if (!why) why = outlived(*got);
  if (why) return refuse(over, why);
  link(over);
}

// Two processes under one node id: the one that is linked stays, unless the other is a later life
// of the same store or another store, which the host has admitted.
template <class Executor, class Host>
error tcp_links<Executor, Host>::outlived(greeting const& got) const {
  peer const* const who = find(got.from);
  if (who == nullptr || who->link == nullptr) return {};
  greeting const& present = who->link->attached.theirs;
  if (got.store != present.store || got.life == present.life) return {};
  if (got.life.counter > present.life.counter) return {};
  return {error_code::dead_incarnation, got.life.counter, "greeting",
          "another process runs on this store, or on a later state of it"};
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::refuse(connection& over, error const& why) {
  counts_.refused.count(why.code);
  greeting const& theirs = over.attached.theirs;
  if (!over.attached.dialled && may_be_told(theirs, self_, why.code)) {
    say(over, greeting_step::refusal, theirs.from, why.code);
  }
  over.close(why);
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::link(connection& over) {
  node_id const id = over.attached.theirs.from;
  peer* who = find(id);
  if (who == nullptr && peers_.size() >= peers_max) {
    return refuse(over, {error_code::too_many_connections, peers_.size(), "mesh", ""});
  }
  if (who == nullptr) {
    who = peers_.emplace_back(std::make_unique<peer>()).get();
    who->id = id;
  }
  over.attached.who = who;
  over.attached.at = phase::linked;
  over.attached.linked_at = boot_time();
  over.attached.deadline = never;
  over.trust(options_.frame_bytes_max);
  if (who->dialling == &over) who->dialling = nullptr;
  who->refused = false;
  who->said = over.attached.theirs;
  if (!over.attached.dialled) say(over, greeting_step::answer, id);

  connection* const before = who->link;
  who->link = &over;
  if (before == nullptr) return host_.linked(id);
  error const spare{error_code::superseded, id.value, "mesh", ""};
  if (before->attached.theirs.life != over.attached.theirs.life) {
    before->close(spare);  // whatever belongs to another life is over
    host_.unlinked(id);
    host_.linked(id);
  } else if (before->attached.dialled == over.attached.dialled) {
    before->close(spare);  // that side would not call if it still had the older one
  } else {
    // Both called each other: the call of the lower id stays.
    bool const keep_new = over.attached.dialled == (self_.from < id);
    if (!keep_new) who->link = before;
    retire(keep_new ? *before : over);
  }
}

// The one who dialled a spare link closes it once nothing moves on it any more.
template <class Executor, class Host>
void tcp_links<Executor, Host>::retire(connection& spare) {
  if (!spare.attached.dialled) return;
  spare.attached.moved = spare.moved();
  spare.attached.deadline = boot_time() + options_.spare_link_ns;
  wake_at(spare.attached.deadline);
}

template <class Executor, class Host>
void tcp_links<Executor, Host>::connection_closed(connection& over, error const& why) {
  attachment const& was = over.attached;
  peer* const who = was.who;
  if (who != nullptr) {
    who->dropped_before += over.queue().dropped();
    if (why.code != error_code::superseded) who->last = why;
    if (who->dialling == &over) {
      who->dialling = nullptr;
      ++who->attempts;
    }
    if (who->link == &over) {
      who->link = nullptr;
      for (pointer const& other : connections_) {
        bool const spare = other.get() != &over && other->attached.who == who &&
                           other->attached.at == phase::linked && other->is_open();
        if (spare) who->link = other.get();
      }
      if (who->link == nullptr) {
        bool const lasted = boot_time() - was.linked_at >= lasting_ns;
        who->attempts = lasted ? 0 : who->attempts + 1;
        if (!closed_) host_.unlinked(who->id);
      }
    }
    if (who->link == nullptr && who->dialling == nullptr) dial_later(*who);
  }
  std::erase_if(connections_, [&](pointer const& one) { return one.get() == &over; });
}

template <class Executor, class Host>
std::vector<link_status> tcp_links<Executor, Host>::status() const {
  std::vector<link_status> all;
  for (auto const& one : peers_) {
    link_status is;
    is.id = one->id;
    is.linked = one->link != nullptr;
    is.refused = one->refused;
    is.attempts = one->attempts;
    is.last = one->last;
    is.dropped_frames = one->dropped_before;
    if (one->link != nullptr) {
      is.queued_bytes = one->link->queue().bytes();
      is.moved_bytes = one->link->moved();
      is.dropped_frames += one->link->queue().dropped();
    }
    all.push_back(is);
  }
  return all;
}

}  // namespace synod::asio
