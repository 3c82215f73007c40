// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/list.hpp>
#include <synod/core/one_of.hpp>

#include <span>

namespace synod {

// What a slot decides: nothing (noop), a batch of commands, a membership, or a session. Immutable
// and shared by window, message, record and decision: a copy is one increment of a plain integer,
// so a value stays on one thread.
template <class Command>
class slot_value {
 public:
  slot_value() = default;
  slot_value(batch<Command>&& commands) noexcept : node_(commands.node_) {
    commands.node_ = nullptr;
  }

  static slot_value of(membership members, time_ns stamp = 0) {
    slot_value made = with_change(value_kind::membership);
    made.node_->changes->members = std::move(members);
    made.node_->stamp = stamp;
    return made;
  }
  static slot_value of(session_change session, time_ns stamp) {
    slot_value made = with_change(value_kind::session);
    made.node_->changes->session = session;
    made.node_->stamp = stamp;
    return made;
  }

  slot_value(slot_value const& other) : node_(other.node_) {
    if (node_ != nullptr) ++node_->references;
  }
  slot_value(slot_value&& other) noexcept : node_(other.node_) { other.node_ = nullptr; }
  slot_value& operator=(slot_value const& other) { return *this = slot_value(other); }
  slot_value& operator=(slot_value&& other) noexcept {
    if (this == &other) return *this;
    // Both may hold the same node: then one of two holds ends.
    value_node<Command>* const before = node_;
    node_ = other.node_;
    other.node_ = nullptr;
    if (before != nullptr) before->release();
    return *this;
  }
  ~slot_value() {
    if (node_ != nullptr) node_->release();
  }

  // What `= {}` does, without the detour.
  void reset() {
    value_node<Command>* const before = node_;
    node_ = nullptr;
    if (before != nullptr) before->release();
  }
  // What `= other` does where this is a noop. Requires: is_noop().
  SYNOD_ALWAYS_INLINE void fill(slot_value const& other) {
    node_ = other.node_;
    if (node_ != nullptr) ++node_->references;
  }

  [[nodiscard]] value_kind kind() const {
    return node_ == nullptr ? value_kind::noop : node_->kind;
  }
  [[nodiscard]] bool is_noop() const { return node_ == nullptr; }
  [[nodiscard]] bool is_batch() const { return kind() == value_kind::batch; }

  // Requires: is_batch(). None are left where they were released and are in the bytes that are
  // kept.
  [[nodiscard]] std::span<Command const> commands() const { return batch_node().commands(); }
  [[nodiscard]] origin_view origins() const { return batch_node().origins(); }
  // Requires: not a noop.
  [[nodiscard]] time_ns stamp() const { return node_->stamp; }
  // Requires: kind() is membership, or session.
  [[nodiscard]] membership const& members() const { return node_->changes->members; }
  [[nodiscard]] session_change const& session() const { return node_->changes->session; }

  // The bytes this value was encoded to or decoded from, kept until it has been sent and synced.
  // They are a cache of the value, not a part of it, hence may change behind a const.
  [[nodiscard]] byte_slice encoded() const { return kept_bytes().slice(); }
  // The same where they lie.
  [[nodiscard]] slice_view kept_bytes() const {
    return node_ == nullptr ? slice_view() : node_->bytes();
  }
  // Effects: what `commands` and `origins` returned before is no longer good.
  void keep_encoded(byte_slice bytes) const {
    if (node_ != nullptr) node_->keep(std::move(bytes));
  }
  // Likewise. Requires: the commands were not released.
  void drop_encoded() const { keep_encoded({}); }

  // Whoever applied a batch needs its commands no more: what still holds it (the log, until a
  // snapshot takes its place) tells others of it by its bytes. So the same memory, which is warm,
  // serves the next batch, and the log in memory holds the commands once. Without bytes they stay,
  // a small one that is alone in little room. What `commands` and `origins` returned before is no
  // longer good.
  void release_commands() const {
    if (is_batch()) node_->release_commands();
  }
  // For a decoder, which makes them again from the bytes. Requires: is_batch().
  [[nodiscard]] bool folded() const { return node_->folded != 0; }
  [[nodiscard]] list<Command>& unfold() const { return node_->unfold(); }
  // Requires: is_batch().
  [[nodiscard]] std::size_t command_count() const { return batch_node().command_count(); }

  // About how many bytes this takes on the wire: exactly, while the bytes are kept.
  [[nodiscard]] std::size_t size_hint() const {
    if (node_ == nullptr) return 1;
    if (std::size_t const exactly = node_->bytes().length; exactly != 0) return exactly;
    return is_batch() ? 64 + command_count() * sizeof(Command) : 64;
  }

  // The same object, which is what an acceptor that was sent the same value twice usually sees.
  [[nodiscard]] bool same_object(slot_value const& other) const { return node_ == other.node_; }

  // Equal by identity of the requests and of the content: two clients that propose equal payloads
  // are still told apart by their origins.
  friend bool operator==(slot_value const& a, slot_value const& b) {
    if (a.node_ == b.node_) return true;
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
      case value_kind::noop: return true;
      case value_kind::batch:
        return a.origins() == b.origins() && a.stamp() == b.stamp() &&
               a.command_count() == b.command_count();
      case value_kind::membership: return a.members() == b.members();
      case value_kind::session: return a.session() == b.session() && a.stamp() == b.stamp();
    }
    return false;
  }

 private:
  [[nodiscard]] value_node<Command>& batch_node() const {
    SYNOD_ASSERT(is_batch(), "only a batch has commands; ask for the kind of a value first");
    return *node_;
  }
  static slot_value with_change(value_kind kind) {
    slot_value made;
    made.node_ = new value_node<Command>;
    made.node_->kind = kind;
    made.node_->changes = new typename value_node<Command>::change;
    return made;
  }

  value_node<Command>* node_ = nullptr;
};

template <class Command>
inline constexpr bool moves_as_bytes<slot_value<Command>> = true;

}  // namespace synod
