// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>
#include <synod/protocol/single_decree.hpp>
#include <synod/quorum/flexible.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace {

enum class part {
  none,
  options,
  restore,
  start,
  propose,
  step,
  tick,
  persisted,
  next_deadline,
  room,
  members,
  hint,
  name
};

struct nothing {};

template <part Without>
struct least_core {
  using command = std::uint64_t;
  using options = nothing;
  using message_type = nothing;
  using output_type = synod::output<message_type, command>;

  explicit least_core(options) requires(Without != part::options);
  void restore(synod::record<command> const&) requires(Without != part::restore);
  void start(synod::time_ns, synod::damage const&, output_type&) requires(Without != part::start);
  std::optional<synod::refusal> propose(synod::time_ns, synod::batch<command>&&,
                                        output_type&) requires(Without != part::propose);
  void step(synod::time_ns, synod::node_id, message_type&&,
            output_type&) requires(Without != part::step);
  void tick(synod::time_ns, output_type&) requires(Without != part::tick);
  void persisted(synod::time_ns, synod::ticket, output_type&) requires(Without != part::persisted);
  synod::time_ns next_deadline() const requires(Without != part::next_deadline);
  std::size_t room() const requires(Without != part::room);
  synod::membership const& members() const requires(Without != part::members);
  synod::leader_hint hint() const requires(Without != part::hint);
};

static_assert(synod::protocol_core<least_core<part::none>>);
static_assert(!synod::protocol_core<least_core<part::options>>);
static_assert(!synod::protocol_core<least_core<part::restore>>);
static_assert(!synod::protocol_core<least_core<part::start>>);
static_assert(!synod::protocol_core<least_core<part::propose>>);
static_assert(!synod::protocol_core<least_core<part::step>>);
static_assert(!synod::protocol_core<least_core<part::tick>>);
static_assert(!synod::protocol_core<least_core<part::persisted>>);
static_assert(!synod::protocol_core<least_core<part::next_deadline>>);
static_assert(!synod::protocol_core<least_core<part::room>>);
static_assert(!synod::protocol_core<least_core<part::members>>);
static_assert(!synod::protocol_core<least_core<part::hint>>);

template <part Without>
struct least_protocol {
  template <class Machine>
  using core = least_core<Without>;
  static constexpr bool elects_leader = false;
  static constexpr bool progresses_when_partially_connected = true;
  static char const* name() requires(Without != part::name);
};

static_assert(synod::protocol<least_protocol<part::none>>);
static_assert(!synod::protocol<least_protocol<part::step>>);
static_assert(!synod::protocol<least_protocol<part::name>>);

struct without_core {
  static constexpr bool elects_leader = false;
  static constexpr bool progresses_when_partially_connected = true;
  static char const* name();
};
static_assert(!synod::protocol<without_core>);

struct silent_on_leaders {
  template <class Machine>
  using core = least_core<part::none>;
  static constexpr bool progresses_when_partially_connected = true;
  static char const* name();
};
static_assert(!synod::protocol<silent_on_leaders>);

struct silent_on_progress {
  template <class Machine>
  using core = least_core<part::none>;
  static constexpr bool elects_leader = false;
  static char const* name();
};
static_assert(!synod::protocol<silent_on_progress>);

static_assert(synod::protocol<synod::single_decree<>>);
static_assert(synod::protocol<synod::single_decree<synod::flexible<4, 2>>>);

}  // namespace

TEST(protocol_concept, a_protocol_has_a_name) {
  EXPECT_EQ(std::string_view(synod::single_decree<>::name()), "single_decree");
}
