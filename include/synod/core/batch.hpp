// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/value_node.hpp>

#include <cstdint>
#include <utility>

namespace synod {

template <class Command>
class slot_value;

// Commands on their way into one slot. It has one owner until it is proposed; then it is immutable.
// Copying is by slot_value only.
template <class Command>
class batch {
 public:
  batch() : node_(new value_node<Command>) {
    node_->borrowed = new typename value_node<Command>::body;
  }
  batch(batch const&) = delete;
  batch(batch&& other) noexcept : node_(other.node_) { other.node_ = nullptr; }
  batch& operator=(batch other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~batch() {
    if (node_ != nullptr) node_->release();
  }

  [[nodiscard]] std::size_t size() const { return commands().size(); }
  [[nodiscard]] bool full() const { return size() >= batch_commands_max; }
  [[nodiscard]] time_ns stamp() const { return node_->stamp; }
  void stamp(time_ns at) { node_->stamp = at; }

  // Requires: not full.
  template <class Given = Command>
  SYNOD_ALWAYS_INLINE void add(session_id session, sequence number, sequence acked_upto,
                               Given&& command) {
    SYNOD_ASSERT(!full(), "the batcher must seal a batch before it holds 65,535 commands");
    auto& runs = origins();
    if (!runs.empty() && runs.back().session == session &&
        runs.back().first_sequence.value + runs.back().count == number.value) {
      ++runs.back().count;
      if (acked_upto > runs.back().acked_upto) runs.back().acked_upto = acked_upto;
    } else {
      runs.push_back({session, number, acked_upto, static_cast<std::uint16_t>(size()), 1});
    }
    commands().push_back(static_cast<Given&&>(command));
  }

  // For a decoder, which fills both and has checked that they fit each other.
  list<Command>& commands() { return node_->borrowed->commands; }
  origin_runs& origins() { return node_->borrowed->origins; }
  [[nodiscard]] list<Command> const& commands() const { return node_->borrowed->commands; }
  [[nodiscard]] origin_runs const& origins() const { return node_->borrowed->origins; }
  // For one that has checked them and leaves them in the bytes, which it then hands over.
  void fold(std::uint16_t count) { node_->fold(count); }

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
    pool_->abandon();
    if (pool_->outstanding == 0) delete pool_;
  }

  [[nodiscard]] batch<Command> take() { return batch<Command>(pool_->take()); }

 private:
  typename value_node<Command>::pool* pool_;
};

}  // namespace synod
