// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/error.hpp>
#include <synod/core/late.hpp>
#include <synod/core/maybe.hpp>
#include <synod/machine/commands.hpp>
#include <synod/runtime/encode_value.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// A snapshot as bytes: magic, format, whether the machine streams, length of the head; the head
// (slot, configurations up to slot + alpha, client table); then the machine to the end. Promises
// and votes are never in it: they belong to a store and not to the state (I15.2).
namespace detail {
inline constexpr std::uint32_t snapshot_magic = 0x534e5953;  // "SYNS" in the order of the bytes
inline constexpr std::uint16_t snapshot_format = 1;
inline constexpr std::size_t snapshot_preamble = 12;
}  // namespace detail

// The state of an executor as it was when this was made, to be read while the executor goes on. A
// machine with `freeze` is read as it streams; of another one the encoded form is held.
template <class Executor>
class frozen_state {
 public:
  using machine_type = typename Executor::machine_type;
  static constexpr bool streams = streaming_machine<machine_type>;

  explicit frozen_state(Executor& from) : upto_(from.applied()), body_(begin(from)) {
    wire_writer out(bytes_);
    out(detail::snapshot_magic, detail::snapshot_format, std::uint16_t{streams}, std::uint32_t{0});
    from.encode_head(out);
    out.patch(8, static_cast<std::uint32_t>(bytes_.size() - detail::snapshot_preamble));
    if constexpr (!streams) whole_ = encode_value(from.coder(), from.state(), bytes_);
  }

  [[nodiscard]] slot upto() const { return upto_; }
  // False for a machine that its codec cannot write: nothing of this may be kept.
  [[nodiscard]] bool whole() const { return whole_; }

  // Fills as much as there is; 0 at the end.
  std::size_t read(std::span<std::byte> into) {
    std::size_t const left = bytes_.size() - taken_;
    std::size_t const some = left < into.size() ? left : into.size();
    if (some > 0) std::memcpy(into.data(), bytes_.data() + taken_, some);
    taken_ += some;
    if constexpr (streams) {
      if (some < into.size()) return some + body_.read(into.subspan(some));
    }
    return some;
  }

 private:
  struct nothing {};
  static auto begin(Executor const& from) {
    if constexpr (streams) {
      return from.state().freeze();
    } else {
      return nothing();
    }
  }

  slot upto_;
  decltype(begin(std::declval<Executor const&>())) body_;
  std::vector<std::byte> bytes_;
  std::size_t taken_ = 0;
  bool whole_ = true;
};

// Takes the bytes of a snapshot in pieces of any size. They may be hostile: nothing is allocated
// but for what arrived, and the executor changes only in `finish`.
template <class Executor>
class thawing_state {
 public:
  using machine_type = typename Executor::machine_type;
  static constexpr bool streams = streaming_machine<machine_type>;

  explicit thawing_state(Executor& into) : into_(&into) {}

  // False once the bytes are no snapshot of this machine.
  bool write(std::span<std::byte const> piece) {
    while (good_ && !piece.empty() && !arrived_.has_value()) {
      std::size_t const missing = wanted_ - bytes_.size();
      std::size_t const some = missing < piece.size() ? missing : piece.size();
      append_bytes(bytes_, piece.first(some));
      piece = piece.subspan(some);
      if (bytes_.size() == wanted_) good_ = advance();
    }
    if (!good_ || piece.empty()) return good_;
    if constexpr (streams) {
      good_ = body_.write(piece);
    } else {
      append_bytes(bytes_, piece);
    }
    return good_;
  }

  // The slot that the head names; nothing before the head has arrived.
  [[nodiscard]] maybe<slot> upto() const {
    if (!good_ || !arrived_.has_value()) return std::nullopt;
    return arrived_->upto;
  }

  // Effects: the executor becomes what was read. An error leaves it as it was: `superseded` if it
  // is as far already, `malformed` if this is no whole snapshot of its machine.
  error finish() {
    if (!upto().has_value()) return refuse();
    if (!(arrived_->upto > into_->applied()) && !SYNOD_MUTATION(h22d_install_what_is_older)) {
      return {error_code::superseded, arrived_->upto.value, "snapshot", "nothing is lost"};
    }
    bool const installed =
        into_->install(std::move(*arrived_), [this](machine_type& state, auto& coder) {
          if constexpr (streams) {
            return state.thaw(std::move(body_));
          } else {
            return coder.decode(std::span<std::byte const>(bytes_), state);
          }
        });
    return installed ? error() : refuse();
  }

 private:
  static error refuse() {
    return {error_code::malformed, 0, "snapshot", "take it again, from another node"};
  }

  // The preamble is complete, or the head is.
  bool advance() {
    wire_reader in{std::span<std::byte const>(bytes_)};
    if (wanted_ == detail::snapshot_preamble && !preamble_read_) {
      preamble_read_ = true;
      if (in.template get<std::uint32_t>() != detail::snapshot_magic) return false;
      if (in.template get<std::uint16_t>() != detail::snapshot_format) return false;
      if (in.template get<std::uint16_t>() != (streams ? 1 : 0)) return false;
      wanted_ = in.template get<std::uint32_t>();
      bytes_.clear();
      return wanted_ != 0;
    }
    arrived_.emplace();
    bool const good = into_->decode_head(in, *arrived_) && in.finished();
    bytes_.clear();
    return good;
  }

  struct nothing {};
  template <class Machine, bool>
  struct writer_of {
    using type = nothing;
  };
  template <class Machine>
  struct writer_of<Machine, true> {
    using type = typename Machine::writer;
  };

  Executor* into_;
  std::vector<std::byte> bytes_;
  std::size_t wanted_ = detail::snapshot_preamble;
  late<typename Executor::arrived> arrived_;
  [[no_unique_address]] typename writer_of<machine_type, streams>::type body_;
  bool preamble_read_ = false;
  bool good_ = true;
};

}  // namespace synod
