// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/slot_value.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/snapshot_stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// What tests of the executor share: making decisions, and writing down what came of them.
namespace support {

inline synod::membership members(std::uint32_t number, std::uint64_t count = 3) {
  std::vector<synod::member> all;
  for (std::uint64_t i = 0; i < count; ++i) {
    all.push_back(
        {.id = synod::node_id(i + 1), .index = synod::node_index(static_cast<std::uint8_t>(i))});
  }
  return *synod::membership::make(synod::config_number(number), std::move(all));
}

template <class Command>
synod::slot_value<Command> batch_of(synod::session_id session, std::uint64_t first,
                                    std::vector<Command> commands, std::uint64_t acked = 0,
                                    synod::time_ns stamp = 0) {
  synod::batch<Command> made;
  made.stamp(stamp);
  for (Command& one : commands) {
    made.add(session, synod::sequence(first++), synod::sequence(acked), std::move(one));
  }
  return made;
}

template <class Command>
synod::slot_value<Command> opening(std::uint64_t token = 1, synod::time_ns stamp = 0) {
  return synod::slot_value<Command>::of(synod::session_change{token, token}, stamp);
}

// Results as text, one line each.
struct written_sink {
  std::vector<std::string> lines;
  synod::session_id last_opened;

  void done(synod::applied_origin const& whose, auto const& value) {
    if constexpr (requires { std::to_string(value); }) {
      add("done", whose, std::to_string(value));
    } else {
      add("done", whose, "");
    }
  }
  void cached(synod::applied_origin const& whose, std::span<std::byte const> reply) {
    add("cached", whose, std::to_string(reply.size()));
  }
  void expired(synod::applied_origin const& whose) { add("expired", whose, ""); }
  void refused(synod::applied_origin const& whose) { add("refused", whose, ""); }
  void early(synod::applied_origin const& whose) { add("early", whose, ""); }
  void opened(synod::session_change const& asked, synod::session_id made) {
    last_opened = made;
    lines.push_back("opened " + std::to_string(asked.token_high) + " as " +
                    std::to_string(made.value >> 16));
  }
  void barrier(synod::session_id session, synod::sequence number, synod::slot at) {
    lines.push_back("barrier " + std::to_string(session.value >> 16) + "/" +
                    std::to_string(number.value & 0xffff) + " at " + std::to_string(at.value));
  }
  void configured(synod::governed_from const& one) {
    lines.push_back("configuration " + std::to_string(one.members.number().value) + " from " +
                    std::to_string(one.first.value));
  }

  std::vector<std::string> take() { return std::exchange(lines, {}); }

 private:
  void add(char const* what, synod::applied_origin const& whose, std::string const& more) {
    lines.push_back(std::string(what) + " " + std::to_string(whose.session.value >> 16) + "/" +
                    std::to_string(whose.number.value) + " @" +
                    std::to_string(whose.version >> 16) + "." +
                    std::to_string(whose.version & 0xffff) + (more.empty() ? "" : " = ") + more);
  }
};

template <class Executor>
std::vector<std::byte> snapshot_of(Executor& from, std::size_t piece = 100) {
  synod::frozen_state<Executor> frozen(from);
  std::vector<std::byte> all;
  std::vector<std::byte> room(piece);
  while (std::size_t const some = frozen.read(room)) {
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(some));
  }
  return all;
}

template <class Executor>
synod::error install(Executor& into, std::span<std::byte const> all, std::size_t piece = 33) {
  synod::thawing_state<Executor> thawing(into);
  for (std::size_t from = 0; from < all.size(); from += piece) {
    if (!thawing.write(all.subspan(from, std::min(piece, all.size() - from)))) break;
  }
  return thawing.finish();
}

}  // namespace support
