// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "source.hpp"

namespace tidy {

struct finding {
  std::string path;
  std::size_t line;
  std::string what;  // and what to do about it
};

using findings = std::vector<finding>;

// Layers point down: a header includes only headers of a strictly lower rank or of its own folder,
// protocol/X never protocol/Y, third parties only where they belong.
void check_layers(source const& of, findings& out);

// Words that have a better one, and what ranks 0 to 5 must not touch.
void check_words(source const& of, findings& out);

// What each file begins with.
void check_form(source const& of, findings& out);

// File, function and line length. A file may have a larger limit of its own, which only shrinks:
// key "<path> file|function|line".
using ratchets = std::map<std::string, std::size_t>;
void check_size(source const& of, ratchets const& larger, ratchets& measured, findings& out);

// The text that include/synod/synod.hpp must have, given every public header.
std::string umbrella(std::vector<std::string> const& headers);

// -1 for what is not a header of ranks 0 to 7.
int rank_of(std::string const& path);

}  // namespace tidy
