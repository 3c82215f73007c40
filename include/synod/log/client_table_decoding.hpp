// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/log/client_table.hpp>

// How a client table is read from bytes that may be hostile: a part of client_table.hpp.

namespace synod {

template <class Reader>
bool client_table::decode_session(Reader& from) {
  session_id const id(from.template get<std::uint64_t>());
  std::uint64_t const last = from.template get<std::uint64_t>();
  sequence const acked(from.template get<std::uint64_t>());
  std::uint32_t const count = from.template get<std::uint32_t>();
  if (from.failed() || id.value == 0 || last < id.value || find(id) != none) return false;
  if (index_.size() >= capacity() || count > limits_.in_flight_max) return false;
  if (count > from.remaining() / encoded_executed_min) return false;
  place const at = take();
  sessions_[at].id = id;
  sessions_[at].last_position = last;
  sessions_[at].acked_upto = acked;
  sessions_[at].done.reserve(count);
  link_newest(at);
  index_.insert(id.value, at);
  sequence before = acked;
  for (std::uint32_t i = 0; i < count; ++i) {
    sequence const number(from.template get<std::uint64_t>());
    bool has_reply = false;
    from(has_reply);
    if (from.failed() || number <= before) return false;
    // What may be in flight bounds how far the sequences reach, here as in `decide`.
    if (number.value - acked.value > limits_.in_flight_max) return false;
    before = number;
    executed& one = sessions_[at].done.insert(number);
    if (has_reply) {
      std::uint64_t const version = from.template get<std::uint64_t>();
      std::uint32_t const length = from.template get<std::uint32_t>();
      if (from.failed() || length > reply_bytes_max || length > from.remaining()) return false;
      if (version <= id.value || version > last) return false;
      if (++sessions_[at].kept > limits_.replies_kept) return false;
      if (replies_.living_bytes() + length > replies_bytes_max) return false;
      one.reply = replies_.add(at, number, version, from.bytes(length));
    }
  }
  return !from.failed();
}

inline bool client_table::put_in_order() {
  list<std::uint32_t> order;
  order.reserve(index_.size());
  for (std::uint32_t at = oldest_; at != none; at = sessions_[at].newer) order.push_back(at);
  sort_by_key(order, [this](std::uint32_t at) { return sessions_[at].last_position; });
  oldest_ = newest_ = none;
  for (std::uint32_t at : order) {
    if (newest_ != none && sessions_[newest_].last_position == sessions_[at].last_position) {
      return false;
    }
    link_newest(at);
  }
  replies_.sort();
  for (std::uint32_t at = replies_.oldest(); at != none;) {
    std::uint32_t const next = replies_[at].newer;
    if (next != none && replies_[next].version == replies_[at].version) return false;
    at = next;
  }
  return true;
}

}  // namespace synod
