// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/node_set.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace synod {

// A text of bounded length without an allocation: the endpoint of a member, the name of a cluster.
class short_text {
 public:
  static constexpr std::size_t capacity = 63;

  constexpr short_text() = default;
  // Cuts what does not fit; use `fits` first where that matters.
  constexpr short_text(char const* text) {
    while (text[length_] != '\0' && length_ < capacity) {
      text_[length_] = text[length_];
      ++length_;
    }
  }
  constexpr short_text(char const* text, std::size_t length) {
    for (; length_ < length && length_ < capacity; ++length_) text_[length_] = text[length_];
  }

  [[nodiscard]] static constexpr bool fits(std::size_t length) { return length <= capacity; }
  [[nodiscard]] constexpr char const* c_str() const { return text_.data(); }
  [[nodiscard]] constexpr std::size_t size() const { return length_; }
  [[nodiscard]] constexpr bool empty() const { return length_ == 0; }

  friend constexpr bool operator==(short_text const&, short_text const&) = default;

 private:
  std::array<char, capacity + 1> text_{};
  std::uint8_t length_ = 0;
};

enum class member_role : std::uint8_t { voter = 0, learner = 1 };

// A member is the pair (node id, store id): a wiped disk is a new member. The index is assigned in
// the membership record and never changes while the member lives.
struct member {
  node_id id{};
  store_id store{};
  node_index index{};
  member_role role = member_role::voter;
  std::uint8_t zone = 0;
  std::uint32_t weight = 1;
  short_text endpoint{};

  friend constexpr bool operator==(member const&, member const&) = default;
};

// What a quorum policy needs to know beyond the members: part of the configuration, so that
// changing it is a reconfiguration and never an option of one node.
struct quorum_spec {
  std::uint32_t phase1 = 0;
  std::uint32_t phase2 = 0;
  std::uint32_t columns = 0;

  friend constexpr bool operator==(quorum_spec const&, quorum_spec const&) = default;
};

// Commands of one session that are not yet acknowledged. A thousand keep a cluster busy over a
// round trip of a millisecond at a million commands a second, and cost the table of sessions 8 KiB
// each.
inline constexpr std::uint32_t session_in_flight_default = 1024;

// The same on every node and for ever, hence part of the founding record and never an option.
struct cluster_constants {
  std::uint32_t alpha = 256;              // a membership decided at slot s governs from s + alpha
  std::uint32_t session_capacity = 1024;  // sessions kept before the oldest is evicted
  std::uint32_t replies_kept = 1024;      // per session
  std::uint32_t in_flight_max = session_in_flight_default;

  friend constexpr bool operator==(cluster_constants const&, cluster_constants const&) = default;
};

// A validated, immutable configuration.
class membership {
 public:
  membership() = default;

  // Refuses an empty membership, one without voters, duplicate ids or indexes, too many members.
  static result<membership> make(config_number number, list<member> members,
                                 quorum_spec spec = {}) {
    membership made;
    made.number_ = number;
    made.spec_ = spec;
    if (members.empty()) return refuse(error_code::empty_membership, 0, "name at least one member");
    if (members.size() > node_set::capacity) {
      return refuse(error_code::too_many_members, members.size(), "use at most 64 members");
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      member const& one = members[i];
      if (one.index.value >= node_set::capacity || made.everybody_.contains(one.index)) {
        return refuse(error_code::duplicate_member, one.index.value,
                      "give each member its own index");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (members[j].id == one.id) {
          return refuse(error_code::duplicate_member, one.id.value, "give each member its own id");
        }
      }
      made.everybody_.insert(one.index);
      if (one.role == member_role::voter) made.voters_.insert(one.index);
    }
    if (made.voters_.empty()) {
      return refuse(error_code::empty_membership, 0, "name at least one voter");
    }
    made.members_ = std::move(members);
    return made;
  }

  [[nodiscard]] config_number number() const { return number_; }
  [[nodiscard]] quorum_spec const& spec() const { return spec_; }
  [[nodiscard]] list<member> const& members() const { return members_; }
  [[nodiscard]] node_set voters() const { return voters_; }
  [[nodiscard]] node_set everybody() const { return everybody_; }

  [[nodiscard]] member const* find(node_id id) const {
    for (member const& one : members_) {
      if (one.id == id) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] member const* find(node_index at) const {
    for (member const& one : members_) {
      if (one.index == at) return &one;
    }
    return nullptr;
  }
  // The set of this one node, empty for who is not in this configuration: tallies add what comes
  // out of here, so that a stranger never counts (hazard H12).
  [[nodiscard]] node_set only(node_id id) const {
    member const* found = find(id);
    return found == nullptr ? node_set() : node_set::of(found->index);
  }

  friend bool operator==(membership const&, membership const&) = default;

 private:
  static error refuse(error_code code, std::uint64_t value, char const* remedy) {
    return {code, value, "membership", remedy};
  }

  list<member> members_;
  node_set everybody_;
  node_set voters_;
  quorum_spec spec_;
  config_number number_;
};

}  // namespace synod
