// SPDX-License-Identifier: BSL-1.0
// The first byte says what of the records is made right, so that what lies behind their checksums
// is reached too: bit 0 checksums and place, bit 1 the chain from one to the next, bit 2 the
// headers of the file. The rest is what stands in the segment behind its headers.
#include <synod/storage/log_recovery.hpp>

#include <algorithm>
#include <vector>

#include "bounded.hpp"
#include "span_io.hpp"
#include "support/allocations.hpp"

namespace {

constexpr synod::store_id store{7, 9};

std::vector<std::byte> segment_of(std::span<std::byte const> input, bool headed) {
  std::vector<std::byte> file(
      static_cast<std::size_t>(synod::up_to_block(synod::first_record_offset + input.size())));
  std::span<std::byte> const head =
      std::span(file).first(static_cast<std::size_t>(synod::first_record_offset));
  if (headed) synod::write_segment_header({store, 1, file.size()}, head);
  std::copy(input.begin(), input.end(), file.begin() + static_cast<std::ptrdiff_t>(head.size()));
  return file;
}

// Makes the records of the file pass the first checks, and the chain of them if that is wanted.
void seal(std::span<std::byte> file, bool chained) {
  std::uint64_t sequence = 1;
  std::uint32_t previous = 0;
  for (std::size_t at = static_cast<std::size_t>(synod::first_record_offset);
       at + synod::record_header_bytes <= file.size();) {
    std::byte* const to = file.data() + at;
    auto const put = [to](std::size_t where, auto value) {
      synod::detail::put_le(to + where, value);
    };
    auto const body_max = static_cast<std::uint32_t>(file.size() - at - synod::record_header_bytes);
    std::uint32_t const wanted = synod::detail::get_le<std::uint32_t>(to + 12) & 0x3ff;
    std::uint32_t const body = std::min(wanted, body_max);
    put(0, synod::record_magic);
    put(8, static_cast<std::uint16_t>(synod::record_header_bytes));
    put(12, body);
    bool const rotten = to[11] == std::byte{1};
    std::uint32_t const sum =
        synod::crc32c({to + synod::record_header_bytes, static_cast<std::size_t>(body)});
    put(16, rotten ? ~sum : sum);
    put(32, std::uint64_t{1});
    put(40, static_cast<std::uint32_t>(at));
    put(96, store.high);
    put(104, store.low);
    if (chained) {
      put(20, previous);
      put(24, sequence++);
      put(80, std::min(synod::detail::get_le<std::uint64_t>(to + 80), sequence - 2));
      put(88, std::uint64_t{1});
    }
    previous = synod::crc32c({to + 8, synod::record_header_bytes - 8});
    put(4, previous);
    at += static_cast<std::size_t>(synod::record_extent(body));
  }
}

void recover(std::span<std::byte const> file) {
  fuzz::span_io disk(file);
  synod::manifest from;
  from.store = store;
  from.life = {5, 6};
  from.last_segment = 1;
  synod::live_index live;
  synod::log_recovery<fuzz::span_io> recovery;
  std::vector<std::uint64_t> const present{1};
  if (recovery.run(disk, from, present, live)) return;
  std::uint64_t alive = 0;
  synod::segment_reader<fuzz::span_io> reader;
  reader.begin(disk, synod::io_file{1}, file.size());
  live.each([&](synod::record_address const& address, synod::record_place place) {
    ++alive;
    synod::read_header read;
    auto const bytes = reader.at(place.offset(), synod::record_header_bytes * 4);
    fuzz::require(synod::decode(bytes, read) && read.says.address == address,
                  "what is alive stands where it is said to be");
    auto const whole = reader.at(place.offset(), read.extent());
    fuzz::require(whole.size() == read.extent(), "what is alive is whole");
    auto const body = whole.subspan(read.header_bytes, read.says.body_bytes);
    fuzz::require(synod::crc32c(body) == read.says.body_checksum, "what is alive is not damaged");
  });
  fuzz::require(alive == live.alive(), "what is alive is counted");
  fuzz::require(recovery.end().offset <= file.size(), "the log ends within its file");
  fuzz::require(recovery.end().next > recovery.mark() || !recovery.damages().empty(),
                "an end below the mark is named");
  for (synod::log_damage const& one : recovery.damages()) {
    char text[64];
    fuzz::require(one.render(text) < sizeof text, "damage fits into whatever it is written to");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  std::vector<std::byte> file = segment_of(fuzz::bytes_of(data + 1, size - 1), (data[0] & 4) != 0);
  if ((data[0] & 1) != 0) seal(file, (data[0] & 2) != 0);
  fuzz::bounded(file.size(), [&] { recover(file); });
  synod::manifest manifest;
  synod::segment_header header;
  auto const input = fuzz::bytes_of(data + 1, size - 1);
  static_cast<void>(synod::decode(input, manifest));
  static_cast<void>(synod::decode(input, header));
  return 0;
}
