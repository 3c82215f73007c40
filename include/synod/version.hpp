// SPDX-License-Identifier: BSL-1.0
#pragma once

// The version of the library. CMakeLists.txt reads it from here, so that there is one place to
// change.
#define SYNOD_VERSION_MAJOR 0
#define SYNOD_VERSION_MINOR 1
#define SYNOD_VERSION_PATCH 0
#define SYNOD_VERSION_STRING "0.1.0"
