// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/synod.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

// How large things are is a promise: a value that grows is copied in every message and kept in
// every slot. And nothing that we ship has a virtual function.

namespace {

using namespace synod;

static_assert(sizeof(node_id) == 8 && std::is_trivially_copyable_v<node_id>);
static_assert(sizeof(node_index) == 1);
static_assert(sizeof(slot) == 8);
static_assert(sizeof(node_set) == 8 && std::is_trivially_copyable_v<node_set>);
static_assert(sizeof(ballot) == 16 && std::is_trivially_copyable_v<ballot>);
static_assert(sizeof(packed_ballot) == 16);
static_assert(sizeof(command_origin) <= 32);
static_assert(sizeof(batch<std::uint64_t>) == sizeof(void*));
static_assert(sizeof(slot_value<std::uint64_t>) == sizeof(void*));
static_assert(sizeof(value_node<std::uint64_t>) == 56);
static_assert(sizeof(value_node<std::string>) == 56);
// What a decoder takes from its allowance: who refuses a message is the same in every version.
static_assert(value_node<std::uint64_t>::whole_cost() == 136);
static_assert(sizeof(record_address) <= 32);
static_assert(sizeof(promised_range) == 32);
static_assert(sizeof(error) <= 32 && std::is_trivially_copyable_v<error>);
static_assert(sizeof(leader_hint) <= 32);

template <class Protocol>
constexpr bool is_plain =
    !std::is_polymorphic_v<Protocol> &&
    !std::is_polymorphic_v<typename Protocol::template core<counter>> &&
    !std::has_virtual_destructor_v<typename Protocol::template core<counter>> &&
    std::is_nothrow_destructible_v<typename Protocol::template core<counter>>;

static_assert(is_plain<single_decree<>>);
static_assert(is_plain<multi_paxos<>>);
static_assert(is_plain<multi_paxos<flexible<4, 2>>>);
static_assert(is_plain<multi_paxos<counted, stable>>);
static_assert(is_plain<multi_paxos<weighted>>);
static_assert(is_plain<multi_paxos<grid<3>>>);
static_assert(is_plain<masterless_multi_paxos<>>);
static_assert(!std::is_polymorphic_v<memory>);
static_assert(!std::is_polymorphic_v<none>);
static_assert(!std::is_polymorphic_v<faulty<memory>>);

// A quorum policy costs nothing where it has nothing to remember.
static_assert(std::is_empty_v<majority> && std::is_empty_v<counted>);

}  // namespace

TEST(sizes, a_message_fits_one_cache_line) {
  using core = multi_paxos<>::core<counter>;
  EXPECT_LE(sizeof(core::message_type), 64U);
}
