// SPDX-License-Identifier: BSL-1.0
// expect: synod::flexible<Q1, Q2, N>: a quorum of nobody meets nobody; Q1 and Q2 must be at least 1
#include <synod/quorum/flexible.hpp>

int main() { return synod::flexible<0, 2, 2>::name() == nullptr ? 1 : 0; }
