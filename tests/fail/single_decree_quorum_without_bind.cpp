// SPDX-License-Identifier: BSL-1.0
// expect: synod::single_decree: Quorum does not model synod::quorum
#include <synod/protocol/single_decree.hpp>

struct mine {
  using system = synod::majority::system;
  static char const* name();
};

synod::single_decree<mine> wrong;
