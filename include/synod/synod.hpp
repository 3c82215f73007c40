// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that needs the standard library only: ranks 0 to 5. What needs a third party is
// included by its own folder: <synod/cereal/...>, <synod/asio/...>, <synod/testing/...>.
#include <synod/version.hpp>
