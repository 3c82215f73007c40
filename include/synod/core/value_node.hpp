// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_rows.hpp>
#include <synod/core/origin_runs.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace synod {

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
// The log holds hundreds of thousands of them, of which few are on their way, so a node is small:
// what a batch is while it is put together, sent and applied, its commands and runs, lies in a body
// that it borrows. Once it is applied, a single run moves into the node and so does the command,
// where it is alone and small, unless bytes are kept that hold it; the body goes on to the next
// batch, while it is warm. Encoding what was applied borrows one again, until it is released again.
template <class Command>
struct value_node {
  struct change {
    membership members;
    session_change session;
  };
  struct body {
    list<Command> commands;
    origin_runs origins;
    body* next = nullptr;  // while nobody has it
  };
  struct pool;
  using rows = node_rows<value_node, 16, pool>;

  // Of a byte_slice, all but where it begins.
  struct kept_part {
    shared_bytes owner;
    std::uint32_t length = 0;
    std::uint32_t checksum = 0;
  };
  static constexpr std::uint8_t homeless = 127;
  static constexpr bool lies_here = copies_as_bytes<Command> &&
                                    sizeof(Command) <= sizeof(kept_part) &&
                                    alignof(Command) <= alignof(kept_part);

  std::uint32_t references = 1;
  value_kind kind = value_kind::batch;
  std::uint8_t place : 7 = homeless;  // in its row
  std::uint8_t bare : 1 = 0;          // without a body
  std::uint16_t folded = 0;           // commands that are only in the bytes now
  time_ns stamp = 0;
  union {
    body* borrowed;        // of a batch
    change* changes;       // of another kind
    std::uint64_t single;  // of a bare batch: the session of its run
    value_node* next;      // while it is free
  };
  sequence first_sequence;    // likewise
  std::uint32_t unacked = 0;  // likewise: how far the replies that may be forgotten lie behind
  std::uint32_t offset = 0;   // of the bytes
  // The bytes, unless a command is here in their stead: in a bare batch that is not folded.
  alignas(kept_part) std::byte area[sizeof(kept_part)];

  value_node() : borrowed(nullptr) { ::new (area) kept_part; }
  value_node(value_node const&) = delete;
  value_node& operator=(value_node const&) = delete;
  ~value_node() = default;  // whoever ends it has let go of all

  // What a batch costs before its commands and runs, as long as it has a body.
  static constexpr std::size_t whole_cost() { return sizeof(value_node) + sizeof(body); }

  [[nodiscard]] bool holds_command() const { return bare != 0 && folded == 0; }
  [[nodiscard]] kept_part& kept() { return *std::launder(reinterpret_cast<kept_part*>(area)); }
  [[nodiscard]] pool* home() { return place == homeless ? nullptr : rows::owner_of(*this, place); }

  // Wherever they lie. Good for as long as the value is, and not encoded or released meanwhile.
  [[nodiscard]] std::span<Command const> commands() const {
    if (bare == 0) return {borrowed->commands.data(), borrowed->commands.size()};
    if (folded != 0) return {};
    return {std::launder(reinterpret_cast<Command const*>(area)), 1};
  }
  [[nodiscard]] std::size_t command_count() const {
    return bare == 0 ? borrowed->commands.size() + folded : folded != 0 ? folded : 1;
  }
  [[nodiscard]] origin_view origins() const {
    return bare == 0 ? origin_view(borrowed->origins) : origin_view(only_run());
  }

  [[nodiscard]] slice_view bytes() {
    if (holds_command() || kept().length == 0) return {};
    return {&kept().owner, offset, kept().length, kept().checksum};
  }
  void keep(byte_slice&& from) {
    if (from.length == 0) from = {};
    if (holds_command()) {
      if (from.length == 0) return;
      dress();
    }
    kept() = {std::move(from.owner), from.length, from.checksum};
    offset = from.offset;
    if (bare == 0 && folded != 0) strip();
  }

  void release() {
    if (--references == 0) recycle();
  }

  // Effects: the commands end as long as their bytes are kept, and the body is given back if there
  // is room for what is left in it.
  void release_commands() {
    if (bare != 0) return;
    bool const read_again = kept().length != 0 || SYNOD_MUTATION(commands_released_without_bytes);
    if (read_again && !borrowed->commands.empty()) {
      fold(static_cast<std::uint16_t>(borrowed->commands.size()));
    }
    strip();
  }
  // Effects: there are so many commands, and they are only in the bytes.
  void fold(std::uint16_t count) {
    folded = count;
    list<Command>& commands = borrowed->commands;
    commands.clear();
    pool* const where = home();
    if (where == nullptr || where->abandoned) {
      commands = {};
    } else if (commands.capacity() != 0) {
      where->rooms.push_back(std::move(commands));
    }
  }
  // Returns: where the commands that were only in the bytes are to be made again.
  list<Command>& unfold() {
    if (bare != 0) dress();
    folded = 0;
    if (pool* const where = home(); where != nullptr) where->make_room(*borrowed);
    return borrowed->commands;
  }

 private:
  [[nodiscard]] command_origin only_run() const {
    return {session_id(single), first_sequence, sequence(first_sequence.value - unacked), 0,
            static_cast<std::uint16_t>(command_count())};
  }
  // Gives the body back where all that is left in it fits here. Requires: there is one.
  void strip() {
    body* const lent = borrowed;
    if (lent->origins.size() != 1) return;
    command_origin const& run = lent->origins[0];
    std::uint64_t const behind = run.first_sequence.value - run.acked_upto.value;
    if (behind > UINT32_MAX || run.first != 0) return;
    if (folded != 0) {
      if (run.count != folded) return;
    } else if constexpr (lies_here) {
      bool const alone = run.count == 1 && lent->commands.used() == sizeof(Command);
      if (!alone || kept().length != 0) return;
      std::memcpy(area, lent->commands.data(), sizeof(Command));
    } else {
      return;
    }
    bare = 1;
    single = run.session.value;
    first_sequence = run.first_sequence;
    unacked = static_cast<std::uint32_t>(behind);
    give_back(lent);
  }
  // Borrows a body again, for the run and for a command that is here.
  [[gnu::noinline]] void dress() {
    pool* const where = home();
    body* const lent = where == nullptr ? new body : where->take_body();
    lent->origins.push_back(only_run());
    if (folded == 0) {
      if constexpr (lies_here) lent->commands.push_back(commands().front());
      ::new (area) kept_part;
    }
    bare = 0;
    borrowed = lent;
  }
  void give_back(body* lent) {
    pool* const where = home();
    if (where == nullptr) {
      delete lent;
      return;
    }
    lent->commands.clear();
    lent->origins.clear();
    if (where->abandoned) lent->commands = {};
    lent->next = std::exchange(where->bodies, lent);
  }

  [[gnu::noinline]] void recycle() {
    if (kind != value_kind::batch) {
      delete changes;
    } else if (bare == 0) {
      give_back(borrowed);
    }
    if (!holds_command()) kept().~kept_part();
    pool* const where = home();
    if (where == nullptr) {
      delete this;
      return;
    }
    next = std::exchange(where->free, this);
    if (--where->outstanding == 0 && where->abandoned) delete where;
  }
};

// The nodes and bodies of a batch_pool. Ends with it, or with the last node that is in use.
template <class Command>
struct value_node<Command>::pool {
  value_node* free = nullptr;  // the first of a chain
  body* bodies = nullptr;      // likewise
  list<list<Command>> rooms;   // capacity that was given back before the body was
  rows node_rows_{this};
  synod::node_rows<body, 16> body_rows;
  std::size_t outstanding = 0;
  bool abandoned = false;

  [[nodiscard]] value_node* take() {
    if (free == nullptr) widen();
    body* const lent = take_body();
    value_node* const node = free;
    free = node->next;
    ++outstanding;
    ::new (node->area) kept_part;
    node->references = 1;
    node->kind = value_kind::batch;
    node->bare = 0;
    node->folded = 0;
    node->stamp = 0;
    node->borrowed = lent;
    return node;
  }
  [[nodiscard]] body* take_body() {
    if (bodies == nullptr) {
      body_rows.widen([this](body& made) { made.next = std::exchange(bodies, &made); });
    }
    body* const lent = bodies;
    bodies = lent->next;
    make_room(*lent);
    return lent;
  }
  void make_room(body& of) {
    if (of.commands.capacity() != 0 || rooms.empty()) return;
    of.commands.swap(rooms.back());
    rooms.drop_back();
  }
  void abandon() {
    abandoned = true;
    for (body* one = bodies; one != nullptr; one = one->next) one->commands = {};
    rooms.clear();
  }

 private:
  void widen() {
    std::uint8_t place = rows::many;
    node_rows_.widen([this, &place](value_node& made) {
      made.place = --place & homeless;
      made.next = std::exchange(free, &made);
    });
  }
};

}  // namespace synod
