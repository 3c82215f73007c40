// SPDX-License-Identifier: BSL-1.0
#include "support/masterless_by_hand_body.hpp"
