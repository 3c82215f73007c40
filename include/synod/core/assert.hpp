// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>

// Two macros, the only ones of the library besides the version and SYNOD_ALWAYS_INLINE.
//
// SYNOD_ASSERT(condition, hypothesis): an invariant that only our own fault, or storage that broke
// its contract, can break. Input from a wire or a disk never reaches one. It is always on: a node
// that went on after a broken invariant could diverge, and a stopped node cannot.
//
// SYNOD_MUTATION(name): `false`. In the test binaries built with SYNOD_MUTATIONS it is a switch
// that removes the guard it stands beside, so that a test can show that the checker notices.

namespace synod {

#ifdef SYNOD_MUTATIONS

// What a broken invariant becomes in a mutated binary, where it counts as "the guard was missed".
struct broken_invariant_error {
  char const* condition;
  char const* hypothesis;
  char const* file;
  int line;
};

[[noreturn, gnu::cold]] inline void broken_invariant(char const* condition, char const* hypothesis,
                                                     char const* file, int line) {
  throw broken_invariant_error{condition, hypothesis, file, line};
}

// Every mutation that is compiled into the binary, as a linked list that needs no allocation.
struct mutation_switch {
  char const* name;
  bool on = false;
  mutation_switch* next;

  explicit mutation_switch(char const* called) : name(called), next(first()) { first() = this; }

  static mutation_switch*& first() {
    static mutation_switch* head = nullptr;
    return head;
  }
};

template <std::size_t Size>
struct mutation_name {
  char text[Size]{};

  constexpr mutation_name(char const (&from)[Size]) {
    for (std::size_t i = 0; i < Size; ++i) text[i] = from[i];
  }
};

template <mutation_name Name>
inline mutation_switch mutation_flag{Name.text};

#define SYNOD_MUTATION(name) (::synod::mutation_flag<#name>.on)

#else

[[noreturn, gnu::cold]] inline void broken_invariant(char const* condition, char const* hypothesis,
                                                     char const* file, int line) {
  std::fprintf(stderr, "synod: broken invariant at %s:%d: %s\n  %s\n", file, line, condition,
               hypothesis);
  std::abort();
}

#define SYNOD_MUTATION(name) false

#endif

}  // namespace synod

#define SYNOD_ASSERT(condition, hypothesis) \
  ((condition) ? (void)0 : ::synod::broken_invariant(#condition, hypothesis, __FILE__, __LINE__))
