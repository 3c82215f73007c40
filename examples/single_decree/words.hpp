// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace decree {

// What a client may ask of a server, in the form of a machine: its client needs nothing more.
struct propose {
  propose() = default;
  explicit propose(std::string what) : value(std::move(what)) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
  std::string value;
};
struct get {
  get() {}
  template <class Archive>
  void serialize(Archive&) {}
};

enum class fate : std::uint8_t {
  chosen,      // this very proposal
  converged,   // another value, which stays chosen for ever
  open,        // nothing is known to be chosen here
  superseded,  // higher ballots were met until the patience was spent; not chosen, unless `left`
  unknown,     // no quorum answered: it may or may not be chosen
};

struct verdict {
  std::uint8_t what = 0;
  std::string value;                 // of what is chosen
  std::vector<std::uint64_t> heard;  // who answered, if no quorum did
  std::int64_t waited_ns = 0;
  bool left = false;  // the value was sent to somebody, so somebody may still finish it

  [[nodiscard]] fate is() const { return static_cast<fate>(what); }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(what, value, heard, waited_ns, left);
  }
};

struct words {
  using command = std::variant<propose, get>;
  verdict apply(propose const&) { return {}; }
  verdict apply(get const&) const { return {}; }
  template <class Archive>
  void serialize(Archive&) {}
};

}  // namespace decree
