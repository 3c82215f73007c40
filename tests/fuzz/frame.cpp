// SPDX-License-Identifier: BSL-1.0
// The first byte says how the rest arrives: its lowest bit whether checksums and magic are made
// right first, so that what lies behind them is reached too; the others the size of the pieces of
// the stream.
#include <synod/codec/frame_decoder.hpp>

#include <vector>

#include "bounded.hpp"
#include "support/allocations.hpp"

namespace {

// Makes every frame of the stream pass the first checks.
void seal(std::vector<std::byte>& stream) {
  synod::wire_writer out(stream);
  std::size_t at = 0;
  while (stream.size() - at >= synod::frame_header_length) {
    auto const rest = std::span<std::byte const>(stream).subspan(at);
    out.patch(at, static_cast<std::uint32_t>(synod::frame_family::peer));
    out.patch(at + 4, synod::frame_version);
    synod::wire_reader length(rest.subspan(12, 4));
    std::size_t const body = length.get<std::uint32_t>() & 0xfff;
    out.patch(at + 12, static_cast<std::uint32_t>(body));
    std::size_t const here = rest.size() - synod::frame_header_length;
    std::size_t const known = body < here ? body : here;
    out.patch(at + 56, synod::crc32c(rest.subspan(synod::frame_header_length, known)));
    out.patch(at + 60, synod::crc32c(rest.first(60)));
    at += synod::frame_header_length + known;
  }
}

std::size_t count_frames(std::span<std::byte const> stream, std::size_t piece) {
  synod::bytes_pool pool;
  synod::frame_counters counters;
  synod::frame_decoder decoder(synod::frame_family::peer, pool, counters);
  std::size_t frames = 0;
  while (!stream.empty()) {
    auto part = stream.first(piece < stream.size() ? piece : stream.size());
    stream = stream.subspan(part.size());
    while (auto const found = decoder.next(part)) {
      ++frames;
      fuzz::require(synod::crc32c(found->body.bytes()) == found->header.body_checksum,
                    "a frame that comes out has the checksum it says");
    }
    fuzz::require(part.empty() || decoder.failed(), "a decoder takes everything or fails");
  }
  fuzz::require(counters.frames == frames, "frames are counted");
  fuzz::require(counters.refused.total() == (decoder.failed() ? 1U : 0U), "refusals are counted");
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto const input = fuzz::bytes_of(data + 1, size - 1);
  std::vector<std::byte> stream(input.begin(), input.end());
  if ((data[0] & 1) != 0) seal(stream);
  std::size_t frames = 0;
  fuzz::bounded(stream.size(), [&] { frames = count_frames(stream, 1U + data[0] / 2); });
  fuzz::bounded(stream.size(), [&] {
    fuzz::require(count_frames(stream, stream.size() + 1) == frames,
                  "a stream gives the same frames however it is cut");
  });
  synod::shared_bytes const whole(stream);
  fuzz::bounded(stream.size(), [&] {
    auto const alone = synod::decode_frame(whole, synod::frame_family::peer, 4096);
    fuzz::require(!alone || frames == 1, "a frame that is good alone is good in a stream");
  });
  return 0;
}
