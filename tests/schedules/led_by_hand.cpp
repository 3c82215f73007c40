// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand_body.hpp"
