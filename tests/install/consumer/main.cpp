// SPDX-License-Identifier: BSL-1.0
#include <synod/synod.hpp>

int main() { return SYNOD_VERSION_MAJOR + SYNOD_VERSION_MINOR > 0 ? 0 : 1; }
