// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/codec.hpp>

#include <cereal/types/base_class.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>

#include <bitset>
#include <chrono>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

// Values of the kinds that people put into commands.
namespace example {

enum class colour : std::uint8_t { red = 1, green = 2, blue = 7 };
constexpr bool is_enumerator(colour c) {
  return c == colour::red || c == colour::green || c == colour::blue;
}

struct put {
  std::string key;
  std::string value;
  colour paint = colour::red;
  bool once = false;

  template <class A>
  void serialize(A& ar) {
    ar(key, value, paint, once);
  }
  friend bool operator==(put const&, put const&) = default;
};

struct get {
  std::string key;

  template <class A>
  void serialize(A& ar) {
    ar(CEREAL_NVP(key));
  }
  friend bool operator==(get const&, get const&) = default;
};

using request = std::variant<put, get, std::int64_t>;

// A tree that refers to itself, as deep as its maker likes.
struct tree {
  std::vector<tree> children;

  template <class A>
  void serialize(A& ar) {
    ar(children);
  }
  friend bool operator==(tree const&, tree const&) = default;
};

// One of everything.
struct everything {
  bool flag = true;
  char letter = 'x';
  std::int8_t i8 = -8;
  std::uint16_t u16 = 16;
  std::int32_t i32 = -32;
  std::uint64_t u64 = 64;
  float f = 1.5F;
  double d = -2.5;
  colour paint = colour::blue;
  std::string text = "text";
  std::u16string wide = u"wide";
  std::vector<std::uint32_t> numbers{1, 2, 3};
  std::vector<bool> bits{true, false, true};
  std::vector<std::string> texts{"", "a", std::string(50, 'b')};
  std::array<double, 3> fixed{1, 2, 3};
  std::array<bool, 3> flags{true, false, true};
  std::uint16_t plain[2] = {5, 6};
  std::optional<std::string> some = "some";
  std::optional<std::string> none;
  std::variant<std::monostate, std::int32_t, std::string> choice = "choice";
  std::pair<int, std::string> pair{1, "one"};
  std::tuple<int, bool> tuple{2, true};
  std::map<std::string, int> map{{"a", 1}, {"b", 2}};
  std::multimap<int, int> multimap{{1, 1}, {1, 1}};
  std::set<std::string> set{"x", "y"};
  std::multiset<int> multiset{4, 4};
  std::unordered_map<int, std::string> hashed{{1, "a"}, {2, "b"}};
  std::unordered_set<int> hashes{1, 2, 3};
  std::list<int> list{1, 2};
  std::forward_list<int> forward{1, 2, 3};
  std::deque<int> deque{1, 2, 3, 4};
  std::bitset<70> bitset{0x1234};
  std::chrono::milliseconds duration{77};

  template <class A>
  void serialize(A& ar) {
    ar(flag, letter, i8, u16, i32, u64, f, d, paint, text, wide, numbers, bits, texts, fixed,
       flags);
    ar(plain, some, none, choice, pair, tuple, map, multimap, set, multiset, hashed, hashes, list);
    ar(forward, deque, bitset, duration);
  }
  friend bool operator==(everything const&, everything const&) = default;
};

struct versioned {
  std::uint32_t value = 0;
  std::uint32_t seen = 0;  // the version that was read or written

  template <class A>
  void serialize(A& ar, std::uint32_t const version) {
    ar(value);
    seen = version;
  }
};

struct root {
  std::int32_t a = 1;

  template <class A>
  void serialize(A& ar) {
    ar(a);
  }
};
struct left : virtual root {
  template <class A>
  void serialize(A& ar) {
    ar(cereal::virtual_base_class<root>(this));
  }
};
struct diamond : left {
  std::int32_t b = 2;

  template <class A>
  void serialize(A& ar) {
    ar(cereal::base_class<left>(this), cereal::virtual_base_class<root>(this), b);
  }
};

}  // namespace example

CEREAL_CLASS_VERSION(example::versioned, 3)
