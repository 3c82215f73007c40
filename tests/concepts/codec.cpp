// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace {

enum class part { none, encode, decode };

template <part Without>
struct least_codec {
  void encode(int, std::vector<std::byte>& into) requires(Without != part::encode) {
    into.push_back(std::byte{1});
  }
  bool decode(std::span<std::byte const> bytes, int& to) requires(Without != part::decode) {
    to = 1;
    return bytes.size() == 1;
  }
};

static_assert(synod::codec<least_codec<part::none>, int>);
static_assert(!synod::codec<least_codec<part::encode>, int>);
static_assert(!synod::codec<least_codec<part::decode>, int>);

// Bytes from a wire may be anything, so decoding must be able to say no.
struct believes_everything : least_codec<part::decode> {
  void decode(std::span<std::byte const>, int&);
};
static_assert(!synod::codec<believes_everything, int>);

struct of_another_type {
  void encode(std::vector<int> const&, std::vector<std::byte>&);
  bool decode(std::span<std::byte const>, std::vector<int>&);
};
static_assert(!synod::codec<of_another_type, int>);

}  // namespace

TEST(codec_concept, the_least_model_refuses_what_it_did_not_write) {
  least_codec<part::none> coder;
  std::vector<std::byte> bytes;
  coder.encode(1, bytes);
  int value = 0;
  EXPECT_TRUE(coder.decode(bytes, value));
  EXPECT_FALSE(coder.decode({}, value));
}
