// SPDX-License-Identifier: BSL-1.0
// expect: synod::flexible<Q1, Q2, N>: Q1 and Q2 must be at most N, and N at most 64
#include <synod/quorum/flexible.hpp>

int main() { return synod::flexible<6, 2, 5>::name() == nullptr ? 1 : 0; }
