// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/rejections.hpp>

#include <array>
#include <cstring>

namespace synod {

// What became of the frames that arrived.
struct frame_counters {
  std::uint64_t frames = 0;  // decoded
  rejections refused;
};

// A frame that lies where it arrived, or in a buffer that others need next: good for one call.
struct passing_frame {
  frame_header const& header;
  std::span<std::byte const> body;
};

// Cuts a stream of bytes into frames. What it holds grows with the bytes that arrived and never
// with the length that a header claims. The first refusal is final: behind it nobody knows where
// the next frame begins, so the connection must be closed.
class frame_decoder {
 public:
  // Counts into `counters`, which several connections may share; buffers come from `pool`.
  frame_decoder(frame_family family, bytes_pool& pool, frame_counters& counters)
      : family_(family), counters_(&counters), pool_(&pool) {}

  // For when the handshake has shown who is at the other end. From the next header on.
  void body_max(std::uint32_t limit) { body_max_ = limit; }

  // Effects: takes bytes off the front of `arrived` until a frame is complete or none are left.
  // Returns: the frame, if one is complete: call again until there is none.
  [[nodiscard]] maybe<frame> next(std::span<std::byte const>& arrived) {
    if (failed_) return {};
    if (filled_ < frame_header_length && !take_header(arrived)) return {};
    std::size_t const missing = header_.length - body_filled_;
    std::size_t const here = missing < arrived.size() ? missing : arrived.size();
    make_room(body_filled_ + here);
    if (here != 0) std::memcpy(body_.data() + body_filled_, arrived.data(), here);
    body_filled_ += here;
    arrived = arrived.subspan(here);
    if (here < missing) return {};
    filled_ = body_filled_ = 0;
    if (!is_whole(header_, std::span<std::byte const>(body_).first(header_.length))) return {};
    return frame{
        header_,
        {pool_->exchange(body_, header_.length), 0, header_.length, header_.body_checksum}};
  }

  // The same for whoever needs each frame only for the call visit(passing_frame const&): what
  // arrived whole is not copied. Returns: whether there was one.
  template <class Visit>
  [[nodiscard]] bool pass(std::span<std::byte const>& arrived, Visit&& visit) {
    if (!failed_ && filled_ == 0 && arrived.size() >= frame_header_length) {
      frame_header header;
      auto const start = arrived.first<frame_header_length>();
      if (error const why = read_frame_header(start, family_, body_max_, header)) {
        refuse(why);
        return false;
      }
      auto const rest = arrived.subspan(frame_header_length);
      if (header.length <= rest.size()) {
        auto const body = rest.first(header.length);
        arrived = rest.subspan(header.length);
        if (!is_whole(header, body)) return false;
        visit(passing_frame{header, body});
        return true;
      }
    }
    maybe<frame> const one = next(arrived);
    if (one.has_value()) visit(passing_frame{one->header, one->body.bytes()});
    return one.has_value();
  }

  // Where the rest of a long body may be put, from its first byte on, so that it is not copied: say
  // how much was `put` there, and call `next` with what came behind it. Empty if not much is
  // missing.
  [[nodiscard]] std::span<std::byte> rest() {
    if (failed_ || filled_ < frame_header_length) return {};
    std::size_t const missing = header_.length - body_filled_;
    if (missing < direct_bytes_min) return {};
    make_room(body_filled_ + direct_bytes_min);
    std::size_t const room = body_.size() - body_filled_;
    return std::span(body_).subspan(body_filled_, room < missing ? room : missing);
  }
  // Requires: no more than `rest` gave.
  void put(std::size_t count) { body_filled_ += count; }

  // No error until something was refused.
  [[nodiscard]] error const& failed() const { return failed_; }
  // Whether the stream could end here without cutting a frame in two.
  [[nodiscard]] bool between_frames() const { return filled_ == 0; }

 private:
  static constexpr std::size_t eager_bytes = std::size_t{48} << 10;
  static constexpr std::size_t direct_bytes_min = 4096;

  bool take_header(std::span<std::byte const>& arrived) {
    if (arrived.empty()) return false;
    std::byte const* header = arrived.data();
    std::size_t const missing = frame_header_length - filled_;
    if (arrived.size() < missing) {
      std::memcpy(start_.data() + filled_, header, arrived.size());
      filled_ += arrived.size();
      arrived = {};
      return false;
    }
    // Most come whole, and are read where they lie.
    if (filled_ != 0) {
      std::memcpy(start_.data() + filled_, header, missing);
      header = start_.data();
    }
    filled_ = frame_header_length;
    arrived = arrived.subspan(missing);
    std::span<std::byte const, frame_header_length> const bytes(header, frame_header_length);
    error const why = read_frame_header(bytes, family_, body_max_, header_);
    if (why) refuse(why);
    return !why;
  }

  // What is not much more than what arrived is taken at once, so that little is moved as it grows.
  // Room that is there already is used as it is, with whatever a former body left in it.
  void make_room(std::size_t needed) {
    if (needed <= body_.size()) return;
    std::size_t const most = 2 * needed + eager_bytes;
    std::size_t const wanted = header_.length < most ? header_.length : most;
    if (body_.capacity() == 0) {
      body_ = std::vector<std::byte>(wanted);
    } else {
      body_.reserve(wanted);
      body_.resize(wanted);
    }
  }

  bool is_whole(frame_header const& header, std::span<std::byte const> body) {
    if (crc32c(body) != header.body_checksum && !SYNOD_MUTATION(body_checksum_ignored)) {
      refuse(
          {error_code::checksum_mismatch, header.body_checksum, "frame", "close the connection"});
      return false;
    }
    ++counters_->frames;
    return true;
  }

  [[gnu::noinline, gnu::cold]] void refuse(error why) {
    failed_ = why;
    counters_->refused.count(why.code);
    body_ = {};
    body_filled_ = 0;
  }

  // What every frame needs comes first, and lies together.
  error failed_;
  std::size_t filled_ = 0;  // of the header
  frame_family family_;
  std::uint32_t body_max_ = frame_body_before_handshake_max;
  frame_counters* counters_;
  bytes_pool* pool_;
  frame_header header_;
  std::size_t body_filled_ = 0;  // of the body, whose vector may be longer
  std::vector<std::byte> body_;
  std::array<std::byte, frame_header_length> start_{};
};

}  // namespace synod
