// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/codec_kinds.hpp>
#include <synod/codec/crc32c.hpp>
#include <synod/codec/unfold_commands.hpp>
#include <synod/codec/vocabulary.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/slot_value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace synod {

// Batches up to this size can always be decoded; larger ones as long as their encoding is at least
// a third of what they take in memory.
template <class Command>
inline constexpr std::size_t batch_commands_always_fit = (decode_allowance::free_bytes - 1024) /
                                                         (sizeof(Command) + sizeof(command_origin));

// What a slot decides, as bytes that are the same in frame and record:
//
//   kind u8 | stamp i64                       a noop is its kind alone
//   batch:       commands u16 | origins u16 | length u32 of each command, or all ones
//                origins, each session u64 | first sequence u64 | acked upto u64 | count u16
//                the commands, one after another
//                where lengths differ: the length u32 of each
//   membership:  as in vocabulary.hpp
//   session:     token u64 u64
//
// A value is encoded once and keeps its bytes and their checksum; one that was decoded keeps the
// slice of the frame it came in.
template <class Command, class Coder>
class value_coder {
  static_assert(codec<Coder, Command>,
                "synod::value_coder: Coder does not model synod::codec for Command: it needs "
                "encode(command, bytes) and decode(bytes, command) -> bool");

 public:
  using value = slot_value<Command>;

  explicit value_coder(batch_pool<Command>& batches, Coder coder = Coder())
      : batches_(&batches), coder_(std::move(coder)) {
    std::vector<std::byte> noop(1, static_cast<std::byte>(value_kind::noop));
    noop_.checksum = crc32c(noop);
    noop_.length = 1;
    noop_.owner = shared_bytes(std::move(noop));
  }

  // Returns: the bytes of the value, encoded now unless they were before; an error if nobody could
  // decode them, in which case the value must not be proposed.
  [[nodiscard]] result<byte_slice> encoded(value const& from) {
    if (from.is_noop()) return noop_;
    byte_slice known = from.encoded();
    if (!known.empty()) return known;
    scratch_.clear();
    std::size_t const cost = written(from);
    if (cost == cannot || !decode_allowance(scratch_.size()).take(1, cost) ||
        scratch_.size() > UINT32_MAX) {
      return error{error_code::too_large, scratch_.size(), "value",
                   "propose fewer or smaller commands at once"};
    }
    known.length = static_cast<std::uint32_t>(scratch_.size());
    known.checksum = crc32c(scratch_);
    known.owner = bytes_.seal(scratch_);
    from.keep_encoded(known);
    return known;
  }

  // Appends length, checksum and bytes. Returns: false, and nothing is appended, where `encoded`
  // would be an error.
  [[nodiscard]] bool write(wire_writer& out, value const& from) {
    if (from.is_noop()) return write_noop(out);
    if (auto const kept = from.kept_bytes(); !kept.empty()) return write_slice(out, kept);
    if (in_place_ && from.is_batch()) return write_here(out, from);
    auto const known = encoded(from);
    return known && write_slice(out, *known);
  }

  // Between these, the first value that is written and was not encoded before is encoded where it
  // stands, and keeps its slice of the frame as one does that was received: it is copied once less.
  // Requires: `frame` has what was written, from its first byte on.
  void begin_frame() { in_place_ = true; }
  // What was encoded where it stands, for the checksum of the frame.
  [[nodiscard]] summed_part placed() const {
    return {place_.offset, place_.length, place_.checksum};
  }
  void keep_in(shared_bytes const& frame) {
    in_place_ = false;
    if (placed_.is_noop()) return;
    // A frame that holds much else would be kept for a part of it.
    if (frame.bytes().size() - place_.length <= beside_max) {
      place_.owner = frame;
      placed_.keep_encoded(std::move(place_));
    }
    place_ = {};
    placed_ = value();
  }

  // Reads what `write` appended. The value keeps its slice of the input where that is shared.
  void read(wire_reader& in, value& to) {
    auto const length = in.get<std::uint32_t>();
    auto const checksum = in.get<std::uint32_t>();
    if (length == sizeof(value_kind)) return read_noop(in, checksum, to);
    auto const before = in.rest();
    byte_slice const kept = in.slice(length, checksum);
    if (in.failed()) return;
    auto const bytes = before.first(length);
    bool const whole = in.has_checksum(bytes, checksum) || SYNOD_MUTATION(value_checksum_ignored);
    fold_ = folds_ && kept.length >= folded_bytes_min;
    if (!whole || !decode(bytes, in.allowance(), to)) {
      in.fail();
    } else if (!kept.empty()) {
      to.keep_encoded(kept);
    }
    fold_ = false;
  }

  // From now on the commands of a long batch that is read stay in its bytes until they are wanted:
  // of those on the way to a decision there are megabytes, which no cache holds twice.
  void keep_folded() { folds_ = true; }
  // Effects: the commands of a batch are where `commands` looks for them.
  void unfold(value const& of) { unfold_commands(coder_, of); }

  // Votes carry none, and are most of what arrives. Nothing else is as short.
  void read_noop(wire_reader& in, std::uint32_t checksum, value& to) {
    constexpr auto noop = static_cast<std::uint8_t>(value_kind::noop);
    bool const whole = checksum == crc32c_of(noop) || SYNOD_MUTATION(value_checksum_ignored);
    if (in.get<std::uint8_t>() != noop || !whole) return in.fail();
    to.reset();
  }

  // Returns: whether the bytes are exactly one value.
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, decode_allowance& allowance,
                            value& to) {
    wire_reader in(bytes, allowance);
    auto const kind = in.template get<std::uint8_t>();
    if (kind == static_cast<std::uint8_t>(value_kind::noop)) {
      to = value();
      return in.finished();
    }
    auto const stamp = in.template get<std::int64_t>();
    switch (static_cast<value_kind>(kind)) {
      case value_kind::noop: break;
      case value_kind::batch: return decode_batch(in, stamp, to);
      case value_kind::membership: return decode_membership(in, stamp, to);
      case value_kind::session: return decode_session(in, stamp, to);
    }
    return false;
  }

  [[nodiscard]] byte_slice const& noop() const { return noop_; }
  [[nodiscard]] Coder& coder() { return coder_; }

 private:
  static constexpr std::size_t cannot = SIZE_MAX;
  static constexpr std::size_t beside_max = 256;
  static constexpr std::size_t folded_bytes_min = std::size_t{16} << 10;
  static constexpr std::uint32_t lengths_differ = UINT32_MAX;
  static constexpr std::size_t origin_length = 26;
  static constexpr std::size_t node_cost = value_node<Command>::whole_cost();
  static constexpr std::size_t change_cost =
      node_cost + sizeof(typename value_node<Command>::change);

  // Likewise of what a vote carries.
  [[nodiscard]] bool write_noop(wire_writer& out) {
    constexpr auto noop = static_cast<std::uint8_t>(value_kind::noop);
    out(std::uint32_t{sizeof noop}, crc32c_of(noop), noop);
    return true;
  }
  [[nodiscard]] static bool write_slice(wire_writer& out, slice_view known) {
    out(known.length, known.checksum);
    out.bytes(known.bytes());
    return true;
  }

  [[nodiscard]] bool write_here(wire_writer& out, value const& from) {
    std::size_t const before = out.position();
    std::size_t const begin = before + 8;
    // The bytes of the value come after their length and checksum.
    out.skip(8);
    std::size_t const cost = write_bytes(from, out);
    std::vector<std::byte>& sink = out.sink();
    std::size_t const length = sink.size() - begin;
    if (cost == cannot || !decode_allowance(length).take(1, cost) || sink.size() > UINT32_MAX) {
      sink.resize(before);
      return false;
    }
    place_.offset = static_cast<std::uint32_t>(begin);
    place_.length = static_cast<std::uint32_t>(length);
    place_.checksum = crc32c(std::span<std::byte const>(sink).subspan(begin));
    out.patch(before, place_.length);
    out.patch(before + 4, place_.checksum);
    placed_ = from;
    in_place_ = false;
    return true;
  }

  // Likewise, to the scratch alone.
  std::size_t written(value const& from) {
    wire_writer out(scratch_, write_ahead{});
    return write_bytes(from, out);
  }

  // Appends. Returns: what decoding will take, or `cannot`.
  std::size_t write_bytes(value const& from, wire_writer& out) {
    if (from.is_batch()) make_room(from, out);
    out(static_cast<std::uint8_t>(from.kind()), from.stamp());
    switch (from.kind()) {
      case value_kind::noop: break;
      case value_kind::batch: return write_batch(out, from);
      case value_kind::membership:
        out(from.members());
        return change_cost + from.members().members().size() * sizeof(member);
      case value_kind::session:
        out(from.session().token_high, from.session().token_low);
        return change_cost;
    }
    return cannot;
  }

  // A buffer of the right size at once: it is kept for as long as the value.
  void make_room(value const& from, wire_writer& out) {
    std::size_t room = 17 + from.origins().size() * origin_length;
    if constexpr (bulk_codec<Coder, Command>) {
      room += from.commands().size() * Coder::template encoded_length<Command>;
    }
    out.expect(room);
  }

  std::size_t write_batch(wire_writer& out, value const& from) {
    std::span<Command const> const commands = from.commands();
    if (commands.size() > batch_commands_max) return cannot;
    out(static_cast<std::uint16_t>(commands.size()),
        static_cast<std::uint16_t>(from.origins().size()));
    std::size_t const length_at = out.position();
    out(std::uint32_t{0});
    for (command_origin const& run : from.origins()) {
      out(run.session, run.first_sequence, run.acked_upto, run.count);
    }
    std::size_t cost = node_cost + commands.size() * sizeof(Command) +
                       from.origins().size() * sizeof(command_origin);
    if constexpr (bulk_codec<Coder, Command>) {
      out.patch(length_at, static_cast<std::uint32_t>(Coder::template encoded_length<Command>));
      coder_.encode_all(commands, out.sink());
    } else if (!write_each(out, commands, length_at, cost)) {
      return cannot;
    }
    return cost;
  }

  bool write_each(wire_writer& out, std::span<Command const> commands, std::size_t length_at,
                  std::size_t& cost) {
    lengths_.clear();
    if constexpr (row_codec<Coder, Command>) {
      if (!coder_.encode_each(commands, out.sink(), lengths_, cost)) return false;
    } else {
      for (Command const& one : commands) {
        std::size_t const before = out.position();
        if constexpr (costed_codec<Coder, Command>) {
          if (!coder_.encode(one, out.sink(), cost)) return false;
        } else {
          coder_.encode(one, out.sink());
        }
        std::size_t const length = out.position() - before;
        if (length >= lengths_differ) return false;
        lengths_.push_back(static_cast<std::uint32_t>(length));
      }
    }
    bool uniform = true;
    for (std::uint32_t const length : lengths_) uniform = uniform && length == lengths_.front();
    if (uniform) {
      out.patch(length_at, lengths_.empty() ? 0 : lengths_.front());
    } else {
      out.patch(length_at, lengths_differ);
      for (std::uint32_t const length : lengths_) out(length);
    }
    return true;
  }

  bool decode_batch(wire_reader& in, time_ns stamp, value& to) {
    std::size_t const commands = in.get<std::uint16_t>();
    std::size_t const origins = in.get<std::uint16_t>();
    auto const length = in.get<std::uint32_t>();
    decode_allowance& allowance = in.allowance();
    if (origins > in.remaining() / origin_length || !allowance.take(1, node_cost) ||
        !allowance.take(origins, sizeof(command_origin)) ||
        !allowance.take(commands, sizeof(Command))) {
      return false;
    }
    batch<Command> made = batches_->take();
    made.stamp(stamp);
    if (!decode_origins(in, origins, commands, made.origins()) ||
        !decode_commands(in, commands, length, made.commands())) {
      return false;
    }
    if (made.size() < commands) made.fold(static_cast<std::uint16_t>(commands));
    to = value(std::move(made));
    return true;
  }

  // Runs follow one another from the first command to the last, so that every command has exactly
  // one session and sequence; a gap or an overlap would apply a command under another's number. A
  // run of none is a barrier: a place in the history, that whoever put it there waits for.
  static bool decode_origins(wire_reader& in, std::size_t count, std::size_t commands,
                             origin_runs& to) {
    to.reserve(count);
    std::size_t first = 0;
    for (std::size_t i = 0; i < count; ++i) {
      command_origin run;
      in(run.session, run.first_sequence, run.acked_upto, run.count);
      run.first = static_cast<std::uint16_t>(first);
      first += run.count;
      bool const wraps = run.first_sequence.value > UINT64_MAX - run.count;
      if (first > commands || wraps) return false;
      to.push_back(run);
    }
    return !in.failed() && (first == commands || SYNOD_MUTATION(origins_unchecked));
  }

  bool decode_commands(wire_reader& in, std::size_t count, std::uint32_t length,
                       list<Command>& to) {
    if constexpr (bulk_codec<Coder, Command>) {
      if (length != Coder::template encoded_length<Command>) return false;
      if (in.remaining() != count * length) return false;
      if (total_codec<Coder, Command> && fold_) return true;
      if constexpr (copies_as_bytes<Command>) {
        to.resize_for_overwrite(count);
      } else {
        to.resize(count);
      }
      return coder_.decode_all(in.rest(), std::span<Command>(to.data(), to.size()));
    } else {
      std::span<std::byte const> rest = in.rest();
      bool const differ = length == lengths_differ;
      if (differ ? rest.size() / 4 < count : rest.size() != std::uint64_t{length} * count) {
        return false;
      }
      wire_reader lengths(differ ? rest.last(4 * count) : std::span<std::byte const>());
      if (differ) rest = rest.first(rest.size() - 4 * count);
      to.resize(count);
      for (Command& one : to) {
        std::size_t const here = differ ? lengths.get<std::uint32_t>() : length;
        if (here > rest.size() || !decode_one(rest.first(here), in.allowance(), one)) return false;
        rest = rest.subspan(here);
      }
      return rest.empty();
    }
  }

  bool decode_one(std::span<std::byte const> bytes, decode_allowance& allowance, Command& to) {
    if constexpr (costed_codec<Coder, Command>) {
      return coder_.decode(bytes, to, allowance);
    } else {
      return coder_.decode(bytes, to);
    }
  }

  static bool decode_membership(wire_reader& in, time_ns stamp, value& to) {
    if (!in.allowance().take(1, change_cost)) return false;
    membership members;
    in(members);
    if (!in.finished()) return false;
    to = value::of(std::move(members), stamp);
    return true;
  }

  static bool decode_session(wire_reader& in, time_ns stamp, value& to) {
    session_change session;
    in(session.token_high, session.token_low);
    if (!in.finished() || !in.allowance().take(1, change_cost)) return false;
    to = value::of(session, stamp);
    return true;
  }

  batch_pool<Command>* batches_;
  [[no_unique_address]] Coder coder_;
  byte_slice noop_;
  bytes_pool bytes_;
  std::vector<std::byte> scratch_;
  list<std::uint32_t> lengths_;
  value placed_;      // whose bytes were written where they stand
  byte_slice place_;  // in the frame that is being written
  bool in_place_ = false;
  bool folds_ = false;
  bool fold_ = false;  // what is being read now
};

}  // namespace synod
