// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/record.hpp>
#include <synod/runtime/founding_messages.hpp>
#include <synod/runtime/founding_options.hpp>
#include <synod/runtime/founding_record.hpp>
#include <synod/runtime/peer_book.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace synod {

// First boot and every later one, as a pure state machine: which cluster this store belongs to,
// whether it may vote there, and which life of which peer may be believed.
//
// The configured member with the lowest id founds: once every other one has answered "empty" with
// its store id, it writes the founding record. The others make durable exactly that record, if it
// names their own stores. No promise, vote or campaign comes before that. A member that answered
// "empty" has durably promised itself to that store of the founder: if the founder's disk is lost
// in between, nobody can tell whether the cluster has begun, so it stops and says so, instead of
// beginning a second time.
//
// Records leave through `persist`, numbered; the host calls `persisted` when they are on disk, and
// gives them back through `restore` at the next start. Time, network and disk are the host's.
class founding {
 public:
  explicit founding(founding_options given) : options_(std::move(given)) {
    answers_.resize(options_.members.size());
  }

  // To be asked once everything is restored: options that found nothing, or a store that is not of
  // this cluster.
  [[nodiscard]] error check() const {
    if (record_.has_value() && record_->name != options_.cluster) {
      return {error_code::wrong_cluster, 0, "start", "name the cluster that this store is of"};
    }
    if (error const why = check_owner()) return why;
    return synod::check(options_);
  }

  // A store that was founded as another member's is not this one's, whoever mixed them up.
  [[nodiscard]] error check_owner() const {
    if (!record_.has_value()) return {};
    for (member const& one : record_->members.members()) {
      if (one.store == options_.store && one.id != options_.self) {
        return {error_code::wrong_receiver, one.id.value, "the store",
                "it is the store of that node: give this node its own"};
      }
    }
    return {};
  }

  // --- inputs
  // -------------------------------------------------------------------------------------

  // Returns false for a record that is not one of ours, or was damaged: the store must not start.
  [[nodiscard]] bool restore(record_kind kind, std::span<std::byte const> body);
  void start(time_ns now, founding_output& out);
  // Requires: `from` is whom the transport says it is.
  void step(time_ns now, node_id from, founding_message const& got, founding_output& out);
  void tick(time_ns now, founding_output& out);
  void persisted(std::uint64_t upto, founding_output& out) {
    if (upto > durable_) durable_ = upto;
    if (state_ == phase::writing && durable_ >= record_written_) settle(out);
    bool const told = durable_ >= forgot_written_ || SYNOD_MUTATION(h16_stopped_before_durable);
    if (forgot_written_ == 0 || !told) return;
    forgot_written_ = 0;
    out.events.push_back(store_amnesiac{told_by_});
  }

  // The record is durable here.
  [[nodiscard]] bool is_founded() const { return state_ == phase::settled; }
  // Requires: is_founded().
  [[nodiscard]] founding_record const& record() const { return *record_; }
  [[nodiscard]] cluster_id cluster() const { return is_founded() ? cluster_ : cluster_id(); }
  [[nodiscard]] bool amnesiac() const { return amnesiac_; }
  // Whether this store may promise, vote or campaign under that configuration.
  [[nodiscard]] bool may_vote(membership const& members) const {
    return is_founded() && !amnesiac_ && names(members, options_.self, options_.store);
  }
  // What is known of whoever introduced that life, if that is durable here: null if it is not.
  [[nodiscard]] peer_book::page const* verified(node_id from, incarnation life) const {
    return peers_.verified(from, life, durable_);
  }
  // Whether a message may be given to the core: the store of its sender, whose life is verified, is
  // the one that the configuration means by this id.
  [[nodiscard]] bool counts(node_id from, incarnation life, membership const& members) const {
    peer_book::page const* const page = verified(from, life);
    return page != nullptr && names(members, from, page->store);
  }
  [[nodiscard]] time_ns next_deadline() const { return ask_at_; }

  // For the first message to a peer. The host sends it whenever a connection begins, or a message
  // comes from somebody who is not verified; those of the options are greeted from here.
  [[nodiscard]] founding_hello hello() const {
    return {options_.cluster, cluster(), options_.store, options_.life, amnesiac_, false};
  }

 private:
  enum class phase : std::uint8_t { empty, writing, settled };

  [[nodiscard]] bool founds() const {
    if (options_.how == start::join) return false;
    for (member const& one : options_.members) {
      if (one.id < options_.self) return false;
    }
    return true;
  }
  [[nodiscard]] node_id lowest() const {
    node_id found = options_.members.empty() ? options_.self : options_.members[0].id;
    for (member const& one : options_.members) {
      if (one.id < found) found = one.id;
    }
    return found;
  }

  std::uint64_t write(host_record what, founding_output& out) {
    out.persist.push_back({++written_, std::move(what)});
    return written_;
  }
  void write_record(founding_output& out) {
    host_record made{host_kind::founding, slot(), {}};
    wire_writer to(made.body);
    to(*record_);
    record_written_ = write(std::move(made), out);
    cluster_ = id_of(*record_);
    state_ = phase::writing;
    if (SYNOD_MUTATION(founding_not_waited_for)) settle(out);
  }
  void settle(founding_output& out) {
    state_ = phase::settled;
    out.events.push_back(founded{cluster_, names(record_->members, options_.self, options_.store)});
  }

  void send(node_id to, founding_message what, founding_output& out) {
    if (to != options_.self) out.send_now.push_back({to, std::move(what)});
  }
  void send_after(std::uint64_t number, node_id to, founding_message what, founding_output& out) {
    if (SYNOD_MUTATION(founding_answer_before_durable)) number = 0;
    out.send_after.push_back({number, to, std::move(what)});
  }

  void ask(founding_output& out);
  void found_if_complete(founding_output& out);
  void found(list<member> stores, founding_output& out);

  void on(node_id from, founding_hello const& got, founding_output& out);
  void on(node_id from, founding_outlived const& got, founding_output& out);
  void on(node_id from, founding_inquiry const& got, founding_output& out);
  void on(node_id from, founding_empty const& got, founding_output& out);
  void on(node_id from, founding_declined const& got, founding_output& out);
  void on(node_id from, founding_lookout const& got, founding_output& out);
  void on(node_id from, founding_offer const& got, founding_output& out);
  void on(node_id from, founding_adopted const& got, founding_output& out);
  void adopt(node_id from, founding_record const& offered, founding_output& out);

  struct answer {
    maybe<store_id> empty;
    bool adopted = false;
    bool declined = false;
  };
  [[nodiscard]] answer* answer_of(node_id from) {
    for (std::size_t i = 0; i < options_.members.size(); ++i) {
      if (options_.members[i].id == from) return &answers_[i];
    }
    return nullptr;
  }

  founding_options options_;
  phase state_ = phase::empty;
  maybe<founding_record> record_;
  cluster_id cluster_;
  maybe<store_id> invited_by_;
  list<answer> answers_;  // of options_.members
  peer_book peers_;
  bool amnesiac_ = false;
  std::uint64_t forgot_written_ = 0;  // the mark of it; none, or told already: 0
  node_id told_by_;
  std::uint64_t written_ = 0;
  std::uint64_t durable_ = 0;
  std::uint64_t record_written_ = 0;
  std::uint64_t invitation_written_ = 0;
  time_ns ask_at_ = never;
};

inline bool founding::restore(record_kind kind, std::span<std::byte const> body) {
  wire_reader in(body);
  if (kind == host_kind::founding) {
    record_.emplace();
    in(*record_);
    if (!in.finished()) return false;
    cluster_ = id_of(*record_);
    state_ = phase::settled;
  } else if (kind == host_kind::invitation) {
    in(invited_by_.emplace());
  } else if (kind == host_kind::amnesia) {
    amnesiac_ = !SYNOD_MUTATION(h16_amnesia_forgotten);
    return true;
  } else if (kind == host_kind::peer) {
    return peers_.restore(body);
  }
  return in.finished() || kind < record_kind::host;
}

inline void founding::start(time_ns now, founding_output& out) {
  ask_at_ = now + options_.ask_again_ns;
  if (is_founded()) {
    settle(out);
  } else if (options_.how == start::fresh) {
    member self;
    if (!options_.members.empty()) self = options_.members[0];
    self.id = options_.self;
    self.store = options_.store;
    self.index = node_index(0);
    found({self}, out);
  } else {
    found_if_complete(out);
  }
  ask(out);
}

inline void founding::tick(time_ns now, founding_output& out) {
  if (now < ask_at_) return;
  ask_at_ = now + options_.ask_again_ns;
  ask(out);
}

// Repeats whatever was not answered: inquiries while founding, the record until everybody it names
// has it, a lookout while there is none.
inline void founding::ask(founding_output& out) {
  for (member const& one : options_.members) {
    if (peers_.present(one.id) == nullptr) send(one.id, hello(), out);
  }
  if (is_founded()) {
    if (record_->members.members().front().id != options_.self) return;
    for (std::size_t i = 0; i < options_.members.size(); ++i) {
      node_id const to = options_.members[i].id;
      if (to != options_.self && !answers_[i].adopted) send(to, founding_offer{*record_}, out);
    }
  } else if (state_ == phase::empty && options_.how != start::fresh) {
    for (std::size_t i = 0; i < options_.members.size(); ++i) {
      node_id const to = options_.members[i].id;
      send(to, founding_lookout{options_.cluster, options_.store}, out);
      if (founds() && !answers_[i].empty.has_value()) {
        send(to, founding_inquiry{options_.cluster, options_.store}, out);
      }
    }
  }
}

inline void founding::found_if_complete(founding_output& out) {
  if (!founds() || state_ != phase::empty || options_.how != start::bootstrap) return;
  list<member> stores = options_.members;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i].id == options_.self) {
      stores[i].store = options_.store;
    } else if (answers_[i].empty.has_value()) {
      stores[i].store = *answers_[i].empty;
    } else if (SYNOD_MUTATION(founding_without_everybody)) {
      stores[i].store = {1, options_.members[i].id.value + 1};
    } else {
      return;
    }
  }
  found(std::move(stores), out);
}

// Indexes follow the ids, so that the founder is the first member of the record.
inline void founding::found(list<member> stores, founding_output& out) {
  for (std::size_t i = 1; i < stores.size(); ++i) {
    for (std::size_t j = i; j > 0 && stores[j].id < stores[j - 1].id; --j) {
      std::swap(stores[j], stores[j - 1]);
    }
  }
  for (std::size_t i = 0; i < stores.size(); ++i) {
    stores[i].index = node_index(static_cast<std::uint8_t>(i));
  }
  auto made = membership::make(config_number(1), std::move(stores), options_.spec);
  SYNOD_ASSERT(made, "the options of a founding name no membership; was check() asked?");
  record_ = founding_record{options_.cluster, options_.constants, *std::move(made)};
  write_record(out);
}

inline void founding::step(time_ns, node_id from, founding_message const& got,
                           founding_output& out) {
  if (from == options_.self) return;
  visit([&](auto const& one) { on(from, one, out); }, got);
}

inline void founding::on(node_id from, founding_hello const& got, founding_output& out) {
  bool const mine = got.name == options_.cluster &&
                    (got.cluster.empty() || cluster().empty() || got.cluster == cluster());
  if (!mine) return;
  switch (peers_.introduce(from, got, written_ + 1)) {
    case peer_book::verdict::known: break;
    case peer_book::verdict::news:
      write(peer_book::record_of(from, got.store, got.life), out);
      break;
    case peer_book::verdict::outlived:
      return send(from, founding_outlived{got.store, peers_.remembered(from, got.store)}, out);
    case peer_book::verdict::amnesiac:
    case peer_book::verdict::full: return;
  }
  if (got.answer) return;
  founding_hello mine_too = hello();
  mine_too.answer = true;
  send_after(written_, from, mine_too, out);
}

// Somebody remembers more of this store than it does itself: it is an older image, or a copy that
// began a life of its own. What it promised in the life it does not know is lost to it.
inline void founding::on(node_id from, founding_outlived const& got, founding_output& out) {
  if (got.store != options_.store || amnesiac_) return;
  if (got.remembered.counter < options_.life.counter || got.remembered == options_.life) return;
  amnesiac_ = true;
  host_record made{host_kind::amnesia, slot(), {}};
  wire_writer to(made.body);
  to(got.remembered);
  forgot_written_ = write(std::move(made), out);
  told_by_ = from;
}

inline void founding::on(node_id from, founding_inquiry const& got, founding_output& out) {
  if (got.name != options_.cluster) return;
  if (is_founded()) return send(from, founding_offer{*record_}, out);
  if (state_ == phase::writing) return;
  bool const awaited = options_.how == start::bootstrap && from == lowest() && !founds();
  if (!awaited) return send(from, founding_declined{got.founder, error_code::bad_option}, out);
  bool const promised = invited_by_.has_value() && *invited_by_ != got.founder &&
                        !SYNOD_MUTATION(founding_promised_twice);
  if (promised) return send(from, founding_declined{got.founder, error_code::amnesia}, out);
  if (invited_by_ != got.founder) {
    invited_by_ = got.founder;
    host_record made{host_kind::invitation, slot(), {}};
    wire_writer to(made.body);
    to(got.founder);
    invitation_written_ = write(std::move(made), out);
  }
  send_after(invitation_written_, from, founding_empty{got.founder, options_.store}, out);
}

inline void founding::on(node_id from, founding_empty const& got, founding_output& out) {
  bool const answers_me =
      got.founder == options_.store || SYNOD_MUTATION(founding_answer_to_another_store);
  answer* const here = answer_of(from);
  if (!answers_me || here == nullptr || got.store.empty()) return;
  here->empty = got.store;
  found_if_complete(out);
}

inline void founding::on(node_id from, founding_declined const& got, founding_output& out) {
  answer* const here = answer_of(from);
  if (got.founder != options_.store || here == nullptr || here->declined) return;
  here->declined = true;
  char const* const remedy = got.why == error_code::amnesia
                                 ? "it answered another store of this node; wipe all or found fresh"
                                 : "configure the same members everywhere";
  out.events.push_back(founding_blocked{from, {got.why, from.value, "founding", remedy}});
}

inline void founding::on(node_id from, founding_lookout const& got, founding_output& out) {
  if (is_founded() && got.name == options_.cluster) send(from, founding_offer{*record_}, out);
}

inline void founding::on(node_id from, founding_offer const& got, founding_output& out) {
  if (got.record.name != options_.cluster) return;
  if (state_ == phase::empty) {
    adopt(from, got.record, out);
  } else if (cluster_ == id_of(got.record)) {
    send_after(record_written_, from, founding_adopted{cluster_, options_.store}, out);
  }
}

// Exactly this record, or none. A store that it does not name takes it as well, to know which
// cluster to learn from; it never votes on the strength of it.
inline void founding::adopt(node_id from, founding_record const& offered, founding_output& out) {
  if (options_.how == start::fresh) return;
  bool const named = names(offered.members, options_.self, options_.store);
  store_id const founder = offered.members.members().front().store;
  if (named && invited_by_ != founder) return;  // it was never asked
  record_ = offered;
  write_record(out);
  send_after(record_written_, from, founding_adopted{cluster_, options_.store}, out);
}

inline void founding::on(node_id from, founding_adopted const& got, founding_output&) {
  answer* const here = answer_of(from);
  if (here != nullptr && got.cluster == cluster_) here->adopted = true;
}

}  // namespace synod
