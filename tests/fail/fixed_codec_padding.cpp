// SPDX-License-Identifier: BSL-1.0
// expect: synod::fixed_codec: the value must be trivially copyable, without padding
#include <synod/codec/fixed.hpp>

#include <cstdint>

struct command {
  std::uint8_t kind = 0;
  std::uint64_t amount = 0;
};

int main() {
  command found;
  return synod::fixed_codec().decode({}, found) ? 1 : 0;
}
