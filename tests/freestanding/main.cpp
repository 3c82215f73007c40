// SPDX-License-Identifier: BSL-1.0
// Compiled with -fno-rtti -fno-exceptions: ranks 0 to 5 need neither.
#include <synod/synod.hpp>

int main() { return 0; }
