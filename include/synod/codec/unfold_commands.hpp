// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/codec_kinds.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/list.hpp>
#include <synod/core/slot_value.hpp>

#include <cstddef>
#include <span>

namespace synod {

// Effects: the commands of a batch that was read, and left them in its bytes, are made from those.
// They are its last bytes, and that they are as many was checked when it was read.
template <class Coder, class Command>
void unfold_commands(Coder& coder, slot_value<Command> const& of) {
  if constexpr (total_codec<Coder, Command>) {
    if (!of.is_batch() || !of.folded()) return;
    slice_view const kept = of.kept_bytes();
    SYNOD_ASSERT(!kept.empty(), "commands are left only in bytes that are kept as long");
    std::size_t const count = of.command_count();
    list<Command>& to = of.unfold();
    to.resize_for_overwrite(count);
    [[maybe_unused]] bool const done =
        coder.decode_all(kept.bytes().last(count * Coder::template encoded_length<Command>),
                         std::span<Command>(to.data(), count));
    SYNOD_ASSERT(done, "a codec that says it takes any bytes took none of the right length");
  }
}

}  // namespace synod
