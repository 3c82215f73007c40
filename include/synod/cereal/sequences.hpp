// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/bounded_input.hpp>

#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/vector.hpp>

#include <deque>
#include <forward_list>
#include <list>
#include <type_traits>
#include <vector>

namespace synod {

// Sequences of elements that may themselves allocate: made one by one as their bytes are read,
// since cereal makes as many as the count says before it looks at the first. More special than what
// cereal has for these types, hence chosen by this archive.

namespace detail {

template <class T>
concept may_allocate = !std::is_arithmetic_v<T>;

template <class Sequence>
void load_one_by_one(bounded_input& from, Sequence& to) {
  cereal::size_type count = 0;
  from(cereal::make_size_tag(count));
  to.clear();
  if constexpr (requires { to.reserve(1); }) to.reserve(static_cast<std::size_t>(count));
  for (; count != 0; --count) from(to.emplace_back());
}

}  // namespace detail

template <detail::may_allocate T, class A>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, std::vector<T, A>& to) {
  detail::load_one_by_one(from, to);
}
template <detail::may_allocate T, class A>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, std::list<T, A>& to) {
  detail::load_one_by_one(from, to);
}
template <detail::may_allocate T, class A>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, std::deque<T, A>& to) {
  detail::load_one_by_one(from, to);
}
template <detail::may_allocate T, class A>
void CEREAL_LOAD_FUNCTION_NAME(bounded_input& from, std::forward_list<T, A>& to) {
  cereal::size_type count = 0;
  from(cereal::make_size_tag(count));
  to.clear();
  for (auto last = to.before_begin(); count != 0; --count) {
    last = to.emplace_after(last);
    from(*last);
  }
}

}  // namespace synod
