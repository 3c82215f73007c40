// SPDX-License-Identifier: BSL-1.0
#include "serve.hpp"

#include <synod/protocol/multi_paxos.hpp>

namespace store {

int serve(settings const& with) {
  return with.masterless ? serve_masterless(with) : serve_as<synod::multi_paxos<>>(with);
}
int times(settings const& with) {
  return with.masterless ? times_masterless() : times_as<synod::multi_paxos<>>();
}

}  // namespace store
