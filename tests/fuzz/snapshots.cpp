// SPDX-License-Identifier: BSL-1.0
// The first byte says what is made right first: bit 0 the header of the file and its checksum, bit
// 1 the checksum of the table, bit 2 the checksums of the chunks. The rest is the file.
#include <synod/storage/snapshot_files.hpp>

#include <algorithm>
#include <vector>

#include "bounded.hpp"
#include "span_io.hpp"
#include "support/allocations.hpp"

namespace {

void seal(std::span<std::byte> file, bool with_table, bool with_chunks) {
  if (file.size() < synod::block_bytes) return;
  synod::snapshot_header header;
  header.info.upto = synod::slot(synod::detail::get_le<std::uint64_t>(file.data() + 20));
  header.info.length = synod::detail::get_le<std::uint64_t>(file.data() + 28);
  if (with_table) header.info.length %= file.size();
  header.number = 1;
  std::uint64_t const table = synod::table_offset(header.info.length);
  std::uint64_t const chunks = synod::chunks_of(header.info.length);
  bool const fits = header.info.length < file.size() && table + chunks * 4 <= file.size();
  if (fits && with_chunks) {
    for (std::uint64_t i = 0; i < chunks; ++i) {
      std::uint64_t const begin = i * synod::snapshot_chunk_bytes;
      std::uint64_t const some = std::min(synod::snapshot_chunk_bytes, header.info.length - begin);
      std::uint32_t const sum = synod::crc32c(file.subspan(
          static_cast<std::size_t>(synod::block_bytes + begin), static_cast<std::size_t>(some)));
      synod::detail::put_le(file.data() + table + i * 4, sum);
    }
  }
  if (fits && with_table) {
    header.table_checksum = synod::crc32c(
        file.subspan(static_cast<std::size_t>(table), static_cast<std::size_t>(chunks * 4)));
  }
  synod::encode(header, file.data());
}

void read_all(std::span<std::byte const> file) {
  fuzz::span_io disk(file);
  synod::snapshot_content content;
  if (content.open(disk, 1)) return;
  std::uint64_t const length = content.header.info.length;
  fuzz::require(length <= file.size(), "a snapshot is no longer than its file");
  fuzz::require(content.sums.size() == synod::chunks_of(length), "every chunk has a checksum");
  synod::block_buffer chunk;
  for (std::uint64_t i = 0; i < content.sums.size(); ++i) {
    if (!content.read_chunk(disk, i, chunk)) continue;
    auto const begin =
        static_cast<std::size_t>(synod::block_bytes + i * synod::snapshot_chunk_bytes);
    auto const got = std::as_const(chunk).bytes();
    fuzz::require(std::equal(got.begin(), got.end(), file.subspan(begin).begin()),
                  "a chunk is what stands in the file");
    bool const last = i + 1 == content.sums.size();
    fuzz::require(last || got.size() == synod::snapshot_chunk_bytes, "all chunks but one are full");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto const input = fuzz::bytes_of(data + 1, size - 1);
  std::vector<std::byte> file(input.begin(), input.end());
  file.resize(static_cast<std::size_t>(synod::up_to_block(file.size())));
  if ((data[0] & 1) != 0) seal(file, (data[0] & 2) != 0, (data[0] & 4) != 0);
  fuzz::bounded(file.size(), [&] { read_all(file); });
  synod::snapshot_pointer pointer;
  if (synod::decode(input, pointer) == synod::header_state::good) {
    std::vector<std::byte> again(synod::block_bytes);
    synod::encode(pointer, again.data());
    synod::snapshot_pointer twin;
    fuzz::require(synod::decode(again, twin) == synod::header_state::good &&
                      twin.info == pointer.info && twin.number == pointer.number &&
                      twin.generation == pointer.generation,
                  "a pointer can be written again");
  }
  return 0;
}
