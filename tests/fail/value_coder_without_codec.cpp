// SPDX-License-Identifier: BSL-1.0
// expect: synod::value_coder: Coder does not model synod::codec for Command
#include <synod/codec/values.hpp>

struct not_a_codec {};

int main() {
  synod::batch_pool<int> batches;
  synod::value_coder<int, not_a_codec> coder(batches);
  return 0;
}
