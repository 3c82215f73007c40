// SPDX-License-Identifier: BSL-1.0
// expect: synod::executor: Machine does not model synod::machine
#include <synod/codec/fixed.hpp>
#include <synod/runtime/executor.hpp>

struct machine_without_apply {
  using command = int;
};

int main() {
  synod::executor<machine_without_apply, synod::fixed_codec> on({}, {}, {});
  return 0;
}
