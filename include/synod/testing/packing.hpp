// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/codec/records.hpp>
#include <synod/codec/values.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/record.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// Everything that a core sends or writes as the bytes that a host would make of it, and back.
template <class Protocol, class Machine, class Codec>
class packing {
 public:
  using core_type = typename Protocol::template core<Machine>;
  using command = typename core_type::command;
  using message_type = typename core_type::message_type;
  using value_type = slot_value<command>;
  using record_type = record<command>;

  explicit packing(Codec codec)
      : values_(batches_, codec), records_(values_, group_id()), wire_(values_) {}
  packing(packing const&) = delete;
  packing& operator=(packing const&) = delete;

  // Returns: the message as a frame, empty where a value in it cannot be encoded.
  shared_bytes frame(frame_header const& header, message_type const& message) {
    written_.clear();
    std::size_t const begin = begin_frame(written_);
    wire_writer out(written_);
    if (!wire_.write(out, message)) return {};
    end_frame(written_, begin, frame_family::peer, header);
    return buffers_.seal(written_);
  }
  // Returns: whether the body is exactly one message.
  bool read(byte_slice const& body, message_type& into) {
    wire_reader in(body);
    return wire_.read(in, into);
  }

  // Returns: why they cannot be encoded, or none.
  error write(std::span<record_type const> records) { return records_.encode(records, encoded_); }
  // Of the last `write`.
  [[nodiscard]] std::span<record_view const> written() const { return encoded_.views(); }
  bool read(record_view const& from, record_type& into) {
    result<record_type> made = records_.decode(from);
    if (made) into = *std::move(made);
    return static_cast<bool>(made);
  }

  // By which the checkers know a value: its encoding, and 0 for a noop.
  value_digest digest(value_type const& of) {
    if (of.is_noop()) return 0;
    result<byte_slice> const bytes = values_.encoded(of);
    return bytes ? digest_of(bytes->bytes()) : 0;
  }
  value_digest digest(command const& of) {
    scratch_.clear();
    static_cast<void>(values_.coder().encode(of, scratch_));
    return digest_of(scratch_);
  }
  // Of each command of a value; valid until the next call.
  std::span<value_digest const> commands(value_type const& of) {
    digests_.clear();
    if (of.is_batch()) {
      for (command const& one : of.commands()) digests_.push_back(digest(one));
    }
    return digests_;
  }

  // `checksum` is that of the encoded record.
  record_fact fact(record_type const& of, std::uint32_t checksum) {
    record_fact made;
    made.kind = of.kind;
    made.lane = of.lane;
    made.at_slot = of.at_slot;
    made.at = of.at;
    made.value = digest(of.value);
    made.upto = of.upto;
    made.promises = *of.promises;
    made.content = scramble(checksum) ^ scramble(std::uint64_t{of.at.config} << 32 | of.at.round) ^
                   of.at.owner.value;
    return made;
  }

  batch<command> new_batch() { return batches_.take(); }

 private:
  batch_pool<command> batches_;
  value_coder<command, Codec> values_;
  record_coder<command, Codec> records_;
  typename Protocol::template wire<Machine, Codec> wire_;
  bytes_pool buffers_;
  encoded_records encoded_;
  std::vector<std::byte> written_;
  std::vector<std::byte> scratch_;
  std::vector<value_digest> digests_;
};

}  // namespace synod::testing
