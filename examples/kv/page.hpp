// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace store {

std::string status_page(std::uint16_t port, unsigned nodes);

}  // namespace store
