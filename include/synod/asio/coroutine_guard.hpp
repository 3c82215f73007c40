// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/async_result.hpp>

#include <type_traits>

namespace boost::asio {
template <typename, typename>
class awaitable;
class deferred_t;
}  // namespace boost::asio

namespace synod::asio {

namespace detail {
template <class T>
inline constexpr bool is_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_awaitable<boost::asio::awaitable<T, Executor>> = true;

template <class Token, class Signature>
constexpr bool is_awaited() {
  using token = std::decay_t<Token>;
  if constexpr (std::is_same_v<token, boost::asio::deferred_t>) {
    return true;
  } else if constexpr (requires {
                         typename boost::asio::async_result<token, Signature>::return_type;
                       }) {
    return is_awaitable<typename boost::asio::async_result<token, Signature>::return_type>;
  } else {
    return false;
  }
}
}  // namespace detail

// Before version 13, g++ destroys a temporary aggregate twice if it stands in an expression with
// `co_await` and its destructor does something: `co_await f(put{"k", "v"}, ...)` is a double free,
// at every level of optimisation. A class with a constructor is safe, and so is a named variable.
template <class Given, class Token, class Signature>
inline constexpr bool safe_to_await =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    !detail::is_awaited<Token, Signature>() || std::is_lvalue_reference_v<Given> ||
    !std::is_aggregate_v<std::remove_cvref_t<Given>> ||
    std::is_trivially_destructible_v<std::remove_cvref_t<Given>>;
#else
    true;
#endif

}  // namespace synod::asio
