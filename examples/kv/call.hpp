// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace store {

// Connects to a port of this machine, sends, and reads until `enough` says so or the other side
// closes. Nothing if there is nobody, or not within the time.
std::optional<std::string> call(std::uint16_t port, std::string_view what, int milliseconds,
                                bool (*enough)(std::string_view));

// The body of a page; nothing if it cannot be had.
std::optional<std::string> fetch(std::uint16_t port, std::string_view path, int milliseconds);

// A request in the protocol of Redis, and the reply as it came.
std::optional<std::string> redis(std::uint16_t port, std::string_view words, int milliseconds);

// What stands behind a name in a JSON object of ours: a text without its quotes, or the rest as it
// is written. Names at the top come before the same names deeper down.
std::string json_field(std::string_view object, std::string_view name);

}  // namespace store
