// SPDX-License-Identifier: BSL-1.0
#include <support/silent_core.hpp>
#include <synod/runtime/drain.hpp>

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace {

using support::silent_core;
using synod::ticket;

// Writes down what it is asked to do. Its disk has written everything at once, or nothing.
struct notebook {
  void send(synod::node_set, int what) { said += " send" + std::to_string(what); }
  void persist(std::span<synod::record<int> const>) { said += " persist"; }
  void flush() { said += " flush"; }
  [[nodiscard]] ticket durable() const { return quick ? ticket(9) : ticket(); }
  [[nodiscard]] bool storage_failed() const { return false; }
  void decide(silent_core::output_type::decision const&) { said += " decide"; }
  void refuse(synod::refused_proposal<int> const&) {}
  void answer(int) {}
  void notify(synod::core_event const&) {}

  bool quick = true;
  std::string said;
};

synod::node_set somebody() { return synod::node_set::of(synod::node_index(1)); }

silent_core::output_type something_of_everything() {
  silent_core::output_type out;
  out.send_now.add(somebody(), 1);
  out.persist.emplace_back();
  out.send_after.add(ticket(9), somebody(), 2);
  out.decided.emplace_back();
  out.send_late.add(somebody(), 3);
  return out;
}

TEST(drain, does_first_what_others_wait_for) {
  silent_core core;
  synod::drain<silent_core> order;
  auto out = something_of_everything();
  notebook host;
  EXPECT_TRUE(order.turn(0, core, out, host));
  EXPECT_EQ(host.said, " send1 flush persist send2 flush decide send3");
  EXPECT_TRUE(out.empty());
}

TEST(drain, keeps_evidence_until_it_is_durable_and_applies_what_is_decided_meanwhile) {
  silent_core core;
  synod::drain<silent_core> order;
  auto out = something_of_everything();
  notebook host;
  host.quick = false;
  EXPECT_TRUE(order.turn(0, core, out, host));
  EXPECT_EQ(host.said, " send1 flush persist decide send3");
  EXPECT_TRUE(order.waiting());
  host.quick = true;
  EXPECT_TRUE(order.turn(0, core, out, host));
  EXPECT_EQ(host.said, " send1 flush persist decide send3 send2 flush");
}

TEST(drain, leaves_what_nobody_waits_for_until_the_turn_is_ended) {
  silent_core core;
  synod::drain<silent_core> order;
  silent_core::output_type out;
  out.send_late.add(somebody(), 3);
  notebook host;
  EXPECT_TRUE(out.nothing_due() && !out.empty());
  EXPECT_TRUE(order.advance(0, core, out, host));
  EXPECT_EQ(host.said, "");
  order.end_turn(out, host);
  EXPECT_EQ(host.said, " send3");
  EXPECT_TRUE(out.empty());
}

}  // namespace
