// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_rows.hpp>

#include <cstdint>
#include <utility>

namespace synod {

inline constexpr std::size_t batch_commands_max = 65'535;

// Consecutive commands of one session inside a batch: `count` commands from `first`, which carry
// the sequences `first_sequence`, `first_sequence` + 1, ... Replies up to `acked_upto` may be
// forgotten.
struct command_origin {
  session_id session;
  sequence first_sequence;
  sequence acked_upto;
  std::uint16_t first = 0;
  std::uint16_t count = 0;

  friend constexpr bool operator==(command_origin const&, command_origin const&) = default;
};

// The runs of one batch. Nearly always there is a single one, which lies here: a batch that stays
// in the log takes one piece of memory less.
class origin_runs {
 public:
  using value_type = command_origin;

  origin_runs() = default;
  origin_runs(origin_runs const&) = delete;
  origin_runs& operator=(origin_runs const&) = delete;
  ~origin_runs() {
    if (first_ != &alone_) delete[] first_;
  }

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] command_origin const* begin() const { return first_; }
  [[nodiscard]] command_origin const* end() const { return first_ + used_; }
  [[nodiscard]] command_origin const& operator[](std::size_t at) const { return first_[at]; }
  // Requires: not empty.
  [[nodiscard]] command_origin& back() { return first_[used_ - 1]; }

  void reserve(std::size_t count) {
    if (count > room_) widen(count);
  }
  void push_back(command_origin const& run) {
    command_origin const kept = run;  // which may lie here
    if (used_ == room_) widen(std::size_t{2} * room_);
    first_[used_++] = kept;
  }
  void clear() { used_ = 0; }

  friend bool operator==(origin_runs const& a, origin_runs const& b) {
    if (a.used_ != b.used_) return false;
    for (std::size_t i = 0; i < a.used_; ++i) {
      if (!(a[i] == b[i])) return false;
    }
    return true;
  }

 private:
  [[gnu::noinline, gnu::cold]] void widen(std::size_t room) {
    auto* const wider = new command_origin[room];
    for (std::size_t i = 0; i < used_; ++i) wider[i] = first_[i];
    if (first_ != &alone_) delete[] first_;
    first_ = wider;
    room_ = static_cast<std::uint32_t>(room);
  }

  command_origin* first_ = &alone_;
  std::uint32_t used_ = 0;
  std::uint32_t room_ = 1;
  command_origin alone_;
};

// Opens a session, recognised by whoever asked through the token, of which one bit says whether its
// commands are to be applied in the order of their numbers. Its id is the position at which this is
// applied.
struct session_change {
  static constexpr std::uint64_t order_bit = std::uint64_t{1} << 63;

  std::uint64_t token_high = 0;
  std::uint64_t token_low = 0;

  [[nodiscard]] constexpr bool wants_order() const { return (token_high & order_bit) != 0; }
  friend constexpr bool operator==(session_change const&, session_change const&) = default;
};

enum class value_kind : std::uint8_t { noop = 0, batch = 1, membership = 2, session = 3 };

// What a slot_value points to. One node serves all kinds, so that copying a value is one increment.
template <class Command>
struct value_node {
  struct change {
    membership members;
    session_change session;
  };
  // Ends with whoever made it, or with the last node that is in use.
  struct pool {
    list<value_node*> free;
    list<list<Command>> rooms;  // capacity that nodes gave back before they ended
    node_rows<value_node, 16> rows;
    std::size_t outstanding = 0;
    bool abandoned = false;

    void widen() {
      rows.widen([this](value_node& made) {
        made.home = this;
        free.push_back(&made);
      });
    }
  };

  std::uint32_t references = 0;
  std::uint32_t encoded_size = 0;
  std::uint16_t released = 0;  // commands that are only in `encoded` now
  value_kind kind = value_kind::batch;
  pool* home = nullptr;
  time_ns stamp = 0;
  list<Command> commands;
  origin_runs origins;
  byte_slice encoded;
  change* changes = nullptr;

  value_node() = default;
  value_node(value_node const&) = delete;
  value_node& operator=(value_node const&) = delete;
  ~value_node() { delete changes; }

  void release() {
    if (--references == 0) recycle();
  }

  // Effects: the commands end, as long as their bytes are kept.
  void release_commands() {
    bool const kept = !encoded.empty() || SYNOD_MUTATION(commands_released_without_bytes);
    if (!kept || commands.empty()) return;
    fold(static_cast<std::uint16_t>(commands.size()));
  }
  // Effects: there are so many commands, and they are only in the bytes.
  void fold(std::uint16_t count) {
    released = count;
    commands.clear();
    if (home == nullptr || home->abandoned) {
      commands = {};
    } else if (commands.capacity() != 0) {
      home->rooms.push_back(std::move(commands));
    }
  }
  // Returns: where the commands that were only in the bytes are to be made again.
  list<Command>& unfold() {
    released = 0;
    if (home != nullptr && !home->abandoned) take_room();
    return commands;
  }
  void take_room() {
    if (commands.capacity() != 0 || home->rooms.empty()) return;
    commands.swap(home->rooms.back());
    home->rooms.drop_back();
  }

 private:
  [[gnu::noinline]] void recycle() {
    if (home == nullptr || home->abandoned) return end();
    commands.clear();
    origins.clear();
    if (!encoded.owner.empty()) encoded = {};
    --home->outstanding;
    home->free.add(this);
  }
  [[gnu::noinline, gnu::cold]] void end() {
    pool* const where = home;
    if (where == nullptr) {
      delete this;
      return;
    }
    commands = {};
    encoded = {};
    if (--where->outstanding == 0) delete where;
  }
};

template <class Command>
class slot_value;

// Commands on their way into one slot. It has one owner until it is proposed; then it is immutable.
// Copying is by slot_value only.
template <class Command>
class batch {
 public:
  batch() : node_(new value_node<Command>) { node_->references = 1; }
  batch(batch const&) = delete;
  batch(batch&& other) noexcept : node_(other.node_) { other.node_ = nullptr; }
  batch& operator=(batch other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~batch() {
    if (node_ != nullptr) node_->release();
  }

  [[nodiscard]] std::size_t size() const { return node_->commands.size(); }
  [[nodiscard]] bool full() const { return size() >= batch_commands_max; }
  [[nodiscard]] time_ns stamp() const { return node_->stamp; }
  void stamp(time_ns at) { node_->stamp = at; }

  // Requires: not full.
  template <class Given = Command>
  SYNOD_ALWAYS_INLINE void add(session_id session, sequence number, sequence acked_upto,
                               Given&& command) {
    SYNOD_ASSERT(!full(), "the batcher must seal a batch before it holds 65,535 commands");
    auto& runs = node_->origins;
    if (!runs.empty() && runs.back().session == session &&
        runs.back().first_sequence.value + runs.back().count == number.value) {
      ++runs.back().count;
      if (acked_upto > runs.back().acked_upto) runs.back().acked_upto = acked_upto;
    } else {
      runs.push_back({session, number, acked_upto, static_cast<std::uint16_t>(size()), 1});
    }
    node_->commands.push_back(static_cast<Given&&>(command));
  }

  // For a decoder, which fills both and has checked that they fit each other.
  list<Command>& commands() { return node_->commands; }
  origin_runs& origins() { return node_->origins; }
  [[nodiscard]] list<Command> const& commands() const { return node_->commands; }
  [[nodiscard]] origin_runs const& origins() const { return node_->origins; }
  // For one that has checked them and leaves them in the bytes, which it then hands over.
  void fold(std::uint16_t count) { node_->fold(count); }
  void encoded(byte_slice bytes) {
    node_->encoded_size = bytes.length;
    node_->encoded = std::move(bytes);
  }

 private:
  template <class>
  friend class batch_pool;
  template <class>
  friend class slot_value;

  explicit batch(value_node<Command>* node) : node_(node) {}

  value_node<Command>* node_;
};

// Recycles batches together with the capacity of their vectors, so that the steady state allocates
// nothing. Batches may outlive their pool.
template <class Command>
class batch_pool {
 public:
  batch_pool() : pool_(new typename value_node<Command>::pool) {}
  batch_pool(batch_pool const&) = delete;
  batch_pool(batch_pool&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  batch_pool& operator=(batch_pool other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~batch_pool() {
    if (pool_ == nullptr) return;
    pool_->abandoned = true;
    if (pool_->outstanding == 0) {
      delete pool_;
    } else {
      for (auto* node : pool_->free) node->commands = {};
      pool_->rooms.clear();
    }
  }

  [[nodiscard]] batch<Command> take() {
    if (pool_->free.empty()) pool_->widen();
    value_node<Command>* const node = pool_->free.back();
    pool_->free.drop_back();
    ++pool_->outstanding;
    node->references = 1;
    node->kind = value_kind::batch;
    node->stamp = 0;
    node->encoded_size = 0;
    node->released = 0;
    node->take_room();
    return batch<Command>(node);
  }

 private:
  typename value_node<Command>::pool* pool_;
};

}  // namespace synod
