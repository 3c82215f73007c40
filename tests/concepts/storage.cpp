// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>
#include <synod/storage/faulty.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/none.hpp>

#include <span>

namespace {

enum class part { none, append, durable, wait, failed, replay, trim, store, life };

template <part Without>
struct least_storage {
  void append(std::span<synod::record_view const>, synod::ticket) requires(Without != part::append);
  synod::ticket durable() requires(Without != part::durable);
  void wait() requires(Without != part::wait);
  synod::error failed() const requires(Without != part::failed);
  synod::damage replay(auto&&) requires(Without != part::replay);
  void trim(synod::group_id, synod::lane_id, synod::slot) requires(Without != part::trim);
  synod::store_id store() const requires(Without != part::store);
  synod::incarnation life() const requires(Without != part::life);
};

static_assert(synod::storage<least_storage<part::none>>);
static_assert(!synod::storage<least_storage<part::append>>);
static_assert(!synod::storage<least_storage<part::durable>>);
static_assert(!synod::storage<least_storage<part::wait>>);
static_assert(!synod::storage<least_storage<part::failed>>);
static_assert(!synod::storage<least_storage<part::replay>>);
static_assert(!synod::storage<least_storage<part::trim>>);
static_assert(!synod::storage<least_storage<part::store>>);
static_assert(!synod::storage<least_storage<part::life>>);

// A failure that is only a yes or no cannot tell the operator what to do.
struct fails_without_reason : least_storage<part::failed> {
  bool failed() const;
};
static_assert(!synod::storage<fails_without_reason>);

static_assert(synod::storage<synod::memory>);
static_assert(synod::storage<synod::none>);
static_assert(synod::storage<synod::faulty<synod::memory>>);

}  // namespace

TEST(storage_concept, nothing_is_durable_in_an_empty_store) {
  EXPECT_EQ(synod::memory().durable(), synod::ticket());
}
