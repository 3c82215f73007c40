// SPDX-License-Identifier: BSL-1.0
// expect: synod::node: Parts lacks one of protocol, machine, codec, storage
#include <synod/runtime/node.hpp>

struct no_parts : synod::node_parts {};

int main() { return sizeof(synod::node<no_parts>) == 0 ? 1 : 0; }
