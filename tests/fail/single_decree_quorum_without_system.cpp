// SPDX-License-Identifier: BSL-1.0
// expect: synod::single_decree: Quorum does not model synod::quorum
#include <synod/protocol/single_decree.hpp>

struct mine {
  static int bind(synod::membership const&);
  static char const* name();
};

synod::single_decree<mine> wrong;
