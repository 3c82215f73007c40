// SPDX-License-Identifier: BSL-1.0
#include "serve.hpp"

#include <synod/protocol/masterless_multi_paxos.hpp>

namespace store {

int serve_masterless(settings const& with) {
  return serve_as<synod::masterless_multi_paxos<>>(with);
}
int times_masterless() { return times_as<synod::masterless_multi_paxos<>>(); }

}  // namespace store
