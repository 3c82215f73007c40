// SPDX-License-Identifier: BSL-1.0
// expect: synod::flexible<Q1, Q2, N>: quorums that need not meet; Q1 + Q2 must be more than N
#include <synod/quorum/flexible.hpp>

int main() { return synod::flexible<4, 1, 5>::name() == nullptr ? 1 : 0; }
