// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules.hpp"

// Each rule finds what it is there for, and leaves alone what only looks like it.

namespace {

using tidy::findings;
using tidy::source;

using rule = void (*)(source const&, findings&);

std::string first(rule check, std::string path, std::string text) {
  findings found;
  check(source(std::move(path), std::move(text)), found);
  return found.empty() ? "" : found.front().what;
}

std::string layers(std::string path, std::string text) {
  return first(tidy::check_layers, std::move(path), std::move(text));
}
std::string words(std::string path, std::string text) {
  return first(tidy::check_words, std::move(path), std::move(text));
}
std::string form(std::string path, std::string text) {
  return first(tidy::check_form, std::move(path), std::move(text));
}

std::string size(std::string path, std::string text, tidy::ratchets const& larger = {}) {
  findings found;
  tidy::ratchets measured;
  tidy::check_size(source(std::move(path), std::move(text)), larger, measured, found);
  return found.empty() ? "" : found.front().what;
}

std::string lines(std::size_t count, std::string const& line) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

std::string const core = "include/synod/core/x.hpp";
std::string const log_header = "include/synod/log/x.hpp";
std::string const paxos = "include/synod/protocol/multi_paxos/x.hpp";
std::string const posix = "include/synod/storage/posix_io.hpp";

}  // namespace

TEST(layers, a_rank_includes_lower_ranks_and_its_own_folder_only) {
  EXPECT_EQ(layers(log_header, "#include <synod/core/ids.hpp>\n"), "");
  EXPECT_EQ(layers(log_header, "#include <synod/log/window.hpp>\n"), "");
  EXPECT_NE(layers(log_header, "#include <synod/quorum/tally.hpp>\n"), "");
  EXPECT_NE(layers(core, "#include <synod/log/window.hpp>\n"), "");
  EXPECT_NE(layers("include/synod/testing/x.hpp", "#include <synod/asio/replica.hpp>\n"), "");
  EXPECT_EQ(layers("include/synod/testing/x.hpp", "#include <synod/cereal/codec.hpp>\n"), "");
}

TEST(layers, protocols_do_not_include_each_other) {
  EXPECT_EQ(layers(paxos, "#include <synod/protocol/multi_paxos/window.hpp>\n"), "");
  EXPECT_EQ(layers(paxos, "#include <synod/protocol/multi_paxos.hpp>\n"), "");
  EXPECT_NE(layers(paxos, "#include <synod/protocol/single_decree.hpp>\n"), "");
  std::string const masterless = "include/synod/protocol/masterless_multi_paxos.hpp";
  EXPECT_EQ(layers(masterless, "#include <synod/protocol/multi_paxos/window.hpp>\n"), "");
  EXPECT_NE(layers(masterless, "#include <synod/protocol/single_decree.hpp>\n"), "");
}

TEST(layers, the_umbrella_is_for_users) {
  EXPECT_NE(layers("include/synod/testing/x.hpp", "#include <synod/synod.hpp>\n"), "");
  EXPECT_EQ(layers("include/synod/synod.hpp", "#include <synod/protocol/single_decree.hpp>\n"), "");
}

TEST(layers, a_folder_without_rank_and_a_quoted_include_are_named) {
  EXPECT_NE(layers("include/synod/misc/x.hpp", ""), "");
  EXPECT_NE(layers(core, "#include <synod/misc/x.hpp>\n"), "");
  EXPECT_NE(layers(core, "#include \"ids.hpp\"\n"), "");
  EXPECT_EQ(layers("tests/core/x.cpp", "#include \"ids.hpp\"\n"), "");
}

TEST(layers, third_parties_stay_in_their_folders) {
  EXPECT_EQ(layers("include/synod/cereal/x.hpp", "#include <cereal/cereal.hpp>\n"), "");
  EXPECT_NE(layers("include/synod/testing/x.hpp", "#include <cereal/cereal.hpp>\n"), "");
  EXPECT_NE(layers("include/synod/cereal/x.hpp", "#include <boost/asio/post.hpp>\n"), "");
  EXPECT_NE(layers("include/synod/testing/x.hpp", "#include <gtest/gtest.h>\n"), "");
}

TEST(layers, ranks_0_to_5_do_not_include_the_world) {
  for (std::string const name : {"chrono", "thread", "functional", "iostream", "random", "unistd.h",
                                 "sys/socket.h", "linux/io_uring.h"}) {
    EXPECT_NE(layers(paxos, "#include <" + name + ">\n"), "") << name;
    EXPECT_EQ(layers(posix, "#include <" + name + ">\n"), "") << name;
    EXPECT_EQ(layers("include/synod/asio/x.hpp", "#include <" + name + ">\n"), "") << name;
  }
  EXPECT_EQ(layers("include/synod/codec/crc32c.hpp", "#include <sys/auxv.h>\n"), "");
  EXPECT_NE(layers("include/synod/codec/frame.hpp", "#include <sys/auxv.h>\n"), "");
  EXPECT_NE(layers(core, "#include <memory>\n"), "");
  EXPECT_EQ(layers(paxos, "#include <memory>\n"), "");
}

TEST(words, what_ranks_0_to_5_must_not_use) {
  for (std::string const text : {"std::function<void()> f;", "std::chrono::seconds s;", "throw 1;",
                                 "thread_local int x;", "std::random_device d;", "co_await x;"}) {
    EXPECT_NE(words(paxos, text), "") << text;
    EXPECT_EQ(words(posix, text), "") << text;
    EXPECT_EQ(words("include/synod/asio/x.hpp", text), "") << text;
  }
  EXPECT_NE(words("include/synod/asio/x.hpp", "virtual void f();"), "");
}

TEST(words, comments_literals_and_longer_words_do_not_count) {
  EXPECT_EQ(words(paxos, "// throw nothing, virtual or not\n"), "");
  EXPECT_EQ(words(paxos, "char const* text = \"throw\";"), "");
  EXPECT_EQ(words(paxos, "char const* text = R\"(virtual \" throw)\";"), "");
  EXPECT_EQ(words(paxos, "int rethrown = 1'000; int retry;"), "");
  EXPECT_NE(words(paxos, "int n = 1'000; throw n;"), "");
}

TEST(words, vocabulary_and_vague_nouns) {
  EXPECT_NE(words(paxos, "int term = 0;"), "");
  EXPECT_EQ(words(paxos, "int terminal = 0;"), "");
  EXPECT_NE(words(paxos, "struct window_manager {};"), "");
  EXPECT_NE(words(paxos, "class impl {};"), "");
  EXPECT_EQ(words(paxos, "struct database {};"), "");
  EXPECT_NE(words("tests/core/test_utils.cpp", ""), "");
}

TEST(words, macros_and_unfinished_work) {
  EXPECT_NE(words(paxos, "#define X 1\n"), "");
  EXPECT_EQ(words("include/synod/core/assert.hpp", "#define X 1\n"), "");
  EXPECT_NE(words(paxos, "using namespace std;"), "");
  EXPECT_NE(words("tests/core/x.cpp", std::string("// TO") + "DO: later\n"), "");
  EXPECT_NE(words("CMakeLists.txt", std::string("# FIX") + "ME\n"), "");
}

TEST(form, licence_pragma_last_line_and_tabs) {
  std::string const good = "// SPDX-License-Identifier: BSL-1.0\n#pragma once\n";
  EXPECT_EQ(form(core, good), "");
  EXPECT_NE(form(core, "#pragma once\n"), "");
  EXPECT_NE(form(core, "// SPDX-License-Identifier: BSL-1.0\n"), "");
  EXPECT_NE(form(core, good + "int x;"), "");
  EXPECT_NE(form(core, good + "\tint x;\n"), "");
  EXPECT_EQ(form("tests/go", "#!/bin/sh\n# SPDX-License-Identifier: BSL-1.0\n"), "");
}

TEST(size, lines_files_and_functions) {
  EXPECT_EQ(size(core, std::string(100, 'x') + "\n"), "");
  EXPECT_NE(size(core, std::string(101, 'x') + "\n"), "");
  EXPECT_EQ(size(core, "// " + lines(1, std::string(48, 'x') + "\xC3\xA4" + std::string(47, 'x'))),
            "");
  EXPECT_EQ(size(core, lines(400, "int x;")), "");
  EXPECT_NE(size(core, lines(401, "int x;")), "");
  EXPECT_EQ(size(core, "int f() {\n" + lines(68, "g();") + "}\n"), "");
  EXPECT_NE(size(core, "int f() {\n" + lines(69, "g();") + "}\n"), "");
}

TEST(size, functions_are_found_wherever_they_stand) {
  std::string const body = lines(80, "  { g(); }");
  for (std::string const head :
       {"namespace a::b { inline constexpr int f(int x) noexcept ", "struct x { void f() const ",
        "template <class T> requires (sizeof(T) > 1) struct x { template <class U> auto f() -> U ",
        "struct x { x(int n) : a_{n}, b_(n) ", "struct x { x() : a_{} ",
        "bool operator==(a const& x, b const& y) ", "class x final { public: int operator()(int) ",
        "inline constexpr auto f = [](int x) "}) {
    EXPECT_NE(size(core, head + "{\n" + body + "}\n"), "") << head;
  }
  for (std::string const head :
       {"namespace a ", "struct x ", "enum class e : int ", "template <class T> struct x<T*> ",
        "constexpr int table[] = ", "template <class T> concept c = requires(T t) "}) {
    EXPECT_EQ(size(core, head + "{\n" + lines(80, "  g;") + "};\n"), "") << head;
  }
}

TEST(size, a_ratchet_only_shrinks) {
  std::string const text = lines(450, "int x;");
  EXPECT_NE(size(core, text, {{core + " file", 449}}), "");
  EXPECT_EQ(size(core, text, {{core + " file", 450}}), "");
  EXPECT_NE(size(core, text, {{core + " file", 451}}), "");
}

TEST(umbrella, lists_ranks_0_to_5_in_order) {
  std::string const text =
      tidy::umbrella({"include/synod/version.hpp", "include/synod/synod.hpp", paxos,
                      "include/synod/asio/x.hpp", "include/synod/testing/x.hpp", core});
  EXPECT_NE(text.find("#include <synod/core/x.hpp>\n#include <synod/protocol/multi_paxos/x.hpp>\n"
                      "#include <synod/version.hpp>\n"),
            std::string::npos);
  EXPECT_EQ(text.find("asio/x"), std::string::npos);
  EXPECT_EQ(text.find("testing/x"), std::string::npos);
}
