// SPDX-License-Identifier: BSL-1.0
// Each packaged component is included and used once.
#include <synod/quorum/majority.hpp>
#include <synod/synod.hpp>

#ifdef WITH_cereal
#include <synod/cereal/codec.hpp>
#endif
#ifdef WITH_asio
#include <synod/asio/tcp_mesh.hpp>
#endif

#include <cstdio>

int main() {
  std::printf("synod %s\n", SYNOD_VERSION_STRING);
#ifdef WITH_cereal
  std::puts("with cereal");
#endif
#ifdef WITH_asio
  std::puts("with Asio");
#endif
}
