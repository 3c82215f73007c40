// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/values.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// Records as storage sees them, valid until the next use of this object: the views point at the
// bytes that the values keep, or at `bodies`. Reused, it allocates nothing in the steady state.
class encoded_records {
 public:
  [[nodiscard]] std::span<record_view const> views() const {
    return {views_.data(), views_.size()};
  }

 private:
  template <class, class>
  friend class record_coder;

  list<record_view> views_;
  std::vector<std::byte> bodies_;  // of the records that carry no value
  list<std::size_t> body_ends_;    // one per such record, in order
  list<shared_bytes> kept_;        // what the other views point at
};

// What a core wants durable, as bytes, and back. The body of a vote, or of what was learned as
// chosen, is the encoded value itself, byte for byte what the frame carried; that of lane state is
// upto u64 | promised ranges | configurations, of which each kind uses its own.
template <class Command, class Coder>
class record_coder {
 public:
  record_coder(value_coder<Command, Coder>& values, group_id group)
      : values_(&values), group_(group) {}

  // Effects: replaces what `into` held. Returns: why a record cannot be encoded, or none. Only a
  // value that was never asked of value_coder::encoded before it was proposed can be the reason.
  [[nodiscard]] error encode(std::span<record<Command> const> from, encoded_records& into) {
    into.views_.clear();
    into.bodies_.clear();
    into.body_ends_.clear();
    into.kept_.clear();
    for (record<Command> const& one : from) {
      record_view view{{group_, one.lane, one.at_slot, one.kind}, one.at, {}, 0};
      if (carries_value(one.kind)) {
        slice_view body = one.value.kept_bytes();
        if (body.empty()) {
          if (auto const made = values_->encoded(one.value); !made) return made.error();
          body = one.value.is_noop() ? values_->noop() : one.value.kept_bytes();
        }
        view.body = body.bytes();
        view.checksum = body.checksum;
        into.kept_.push_back(*body.owner);
      } else {
        wire_writer out(into.bodies_);
        out(one.upto, *one.promises);
        encode_list(out, *one.configurations);
        into.body_ends_.push_back(out.position());
      }
      into.views_.push_back(view);
    }
    point_at_bodies(into);
    return {};
  }

  // Bytes from a disk are as hostile as bytes from a wire until they have passed this.
  [[nodiscard]] result<record<Command>> decode(record_view const& from) {
    record_address const& address = from.address;
    auto const refuse = [&from](error_code code) {
      return error{code, from.address.at.value, "record", "treat the record as damaged"};
    };
    if (address.group != group_) return refuse(error_code::wrong_group);
    if (!carries_value(address.kind) && !is_lane_state(address.kind)) {
      return refuse(error_code::wrong_kind);
    }
    if (is_lane_state(address.kind) != (address.at == slot(0))) {
      return refuse(error_code::malformed);
    }
    bool const whole =
        crc32c(from.body) == from.checksum || SYNOD_MUTATION(record_checksum_ignored);
    if (!whole) return refuse(error_code::checksum_mismatch);

    record<Command> made;
    made.kind = address.kind;
    made.lane = address.lane;
    made.at_slot = address.at;
    made.at = from.at;
    decode_allowance allowance(from.body.size());
    bool const good = carries_value(address.kind)
                          ? values_->decode(from.body, allowance, made.value)
                          : decode_lane_state(from.body, made);
    if (!good) return refuse(error_code::malformed);
    return made;
  }

 private:
  static constexpr bool carries_value(record_kind kind) {
    return kind == record_kind::vote || kind == record_kind::chosen;
  }
  static constexpr bool is_lane_state(record_kind kind) {
    return kind == record_kind::promise || kind == record_kind::reserved ||
           kind == record_kind::floor || kind == record_kind::mark;
  }

  static bool decode_lane_state(std::span<std::byte const> bytes, record<Command>& to) {
    wire_reader in(bytes);
    list<promised_range> promises;
    list<governed_from> configurations;
    in(to.upto, promises);
    decode_list(in, configurations, sizeof(slot) + membership_length_min);
    for (std::size_t i = 1; i < configurations.size(); ++i) {
      if (configurations[i].first <= configurations[i - 1].first) in.fail();
    }
    to.promises = std::move(promises);
    to.configurations = std::move(configurations);
    return in.finished();
  }

  // Only now, since a vector that grows moves what lies in it.
  static void point_at_bodies(encoded_records& into) {
    std::size_t begin = 0;
    std::size_t next = 0;
    for (record_view& view : into.views_) {
      if (carries_value(view.address.kind)) continue;
      std::size_t const end = into.body_ends_[next++];
      view.body = std::span<std::byte const>(into.bodies_).subspan(begin, end - begin);
      view.checksum = crc32c(view.body);
      begin = end;
    }
  }

  value_coder<Command, Coder>* values_;
  group_id group_;
};

}  // namespace synod
