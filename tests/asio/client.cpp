// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/client.hpp>
#include <synod/asio/client_door.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "asio/replicas.hpp"

namespace {

using namespace synod;
using asio::held;
using asio::holdable;
using support::replicas;
using support::run_and_catch;
using support::run_for;
using support::run_until;

template <class Machine>
struct served : replicas<Machine> {
  using client_type = asio::client<Machine>;

  asio::client_options client_options_of(std::vector<std::size_t> const& known) const {
    asio::client_options made;
    made.cluster = this->name;
    for (std::size_t at : known) made.servers.push_back({at + 1, this->client_addresses[at]});
    made.session.attempt_timeout_ns = 200'000'000;
    made.session.backoff = {2'000'000, 50'000'000};
    return made;
  }
  template <class Command>
  auto call(client_type& by, Command what) {
    using result = result_of<Machine, Command>;
    return this->template wait_for<result>(
        [&](auto handler) { by.async_submit(std::move(what), std::move(handler)); });
  }
  template <class Command>
  auto ask(client_type& by, Command what, read::level const& level,
           asio::client_call const& how = {}) {
    using result = result_of<Machine, Command>;
    return this->template wait_for<result>(
        [&](auto handler) { by.async_read(std::move(what), level, how, std::move(handler)); });
  }
};

TEST(client, commands_and_reads_through_any_server) {
  served<kv> cluster;
  cluster.start_all();
  for (std::size_t at : {0U, 1U, 2U}) {
    asio::client<kv> client(cluster.io, cluster.client_options_of({at}));
    std::string const key = "key " + std::to_string(at);
    auto const put = cluster.call(client, kv::put(key, "value"));
    ASSERT_TRUE(put) << put.error();
    auto const got = cluster.ask(client, kv::get(key), read::linearizable_index{});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->value, "value");
    auto const own = cluster.ask(client, kv::get(key), read::session{client.seen()});
    ASSERT_TRUE(own) << own.error();
    EXPECT_EQ(own->value, "value");
  }
}

// Whoever looks at the figures sees the commands and reads of clients too, not only those of the
// process itself, and whatever else counters count.
TEST(client, what_it_does_is_counted_where_it_is_served) {
  served<kv> cluster;
  cluster.start_all();
  asio::client<kv> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(cluster.call(client, kv::put("key", "value")));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cluster.ask(client, kv::get("key"), read::linearizable_index{}));
  }
  auto const sum = [&](auto const& figure) {
    std::uint64_t all = 0;
    for (auto const& one : cluster.nodes) all += figure(one->observer());
    return all;
  };
  EXPECT_EQ(sum([](counters& of) { return of.operations_done; }), 5U);
  EXPECT_EQ(sum([](counters& of) { return of.operation_ns.count(); }), 5U);
  EXPECT_EQ(sum([](counters& of) { return of.reads_done; }), 3U);
  EXPECT_EQ(sum([](counters& of) { return of.read_ns.count(); }), 3U);
  EXPECT_GE(sum([](counters& of) { return of.commands_proposed; }), 5U);
  EXPECT_GE(sum([](counters& of) { return of.batch_commands.count(); }), 5U);
  EXPECT_GE(sum([](counters& of) { return of.records; }), 10U) << "a quorum wrote each";
  EXPECT_GT(sum([](counters& of) { return of.write_ns.count(); }), 0U);
  EXPECT_GT(sum([](counters& of) { return of.write_ns.sum(); }), 0U) << "also within one turn";
  EXPECT_GE(sum([](counters& of) { return of.messages_received; }), 10U);
}

TEST(client, many_commands_under_way_at_once_are_done_in_order_and_once) {
  served<counter> cluster;
  cluster.start_all();
  asio::client<counter> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  int done = 0;
  std::int64_t last = 0;
  for (int i = 0; i < 30; ++i) {
    client.async_submit(std::int64_t{1}, [&](outcome<std::int64_t> got) {
      ASSERT_TRUE(got) << got.error();
      last = std::max(last, *got);
      ++done;
    });
  }
  EXPECT_TRUE(run_until(cluster.io, [&] { return done == 30; }));
  EXPECT_EQ(last, 30);
}

TEST(client, retries_count_once_although_leaders_die) {
  served<counter> cluster;
  cluster.start_all();
  asio::client<counter> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  std::int64_t acknowledged = 0;
  std::int64_t unknown = 0;
  for (int round = 0; round < 4; ++round) {
    int ended = 0;
    for (int i = 0; i < 10; ++i) {
      client.async_submit(std::int64_t{1}, asio::client_call{20'000'000'000},
                          [&](outcome<std::int64_t> got) {
                            ++ended;
                            if (got) ++acknowledged;
                            if (got.unknown() != nullptr) ++unknown;
                            EXPECT_EQ(got.unknown(), nullptr) << got.error();
                          });
    }
    std::size_t const leader = *cluster.leader();
    cluster.kill(leader);
    EXPECT_TRUE(run_until(cluster.io, [&] { return ended == 10; })) << ended;
    cluster.start(leader);
    EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
  }
  EXPECT_EQ(unknown, 0);
  auto const total = cluster.call(client, std::int64_t{0});
  ASSERT_TRUE(total) << total.error();
  EXPECT_EQ(*total, acknowledged);
}

// A replica as its clients see it, which leads or says who does.
struct pretended_replica {
  using executor = boost::asio::io_context::executor_type;

  holdable holders;
  asio::client_door<executor, pretended_replica> door;
  node_id id;
  std::optional<node_id> leader;  // empty: this one
  asio::served_members members;
  std::uint32_t version = 1;
  int asked_for = 0;
  bool thinks_it_over = false;  // and answers when it is told to
  std::vector<std::pair<std::uint64_t, session_answer>> thought_over = {};

  pretended_replica(boost::asio::io_context& io, std::uint64_t self)
      : door(io.get_executor(), {}, *this), id(self) {}

  error_code judge(asio::client_hello const&) const { return error_code::none; }
  asio::client_hello own_hello() const {
    asio::client_hello made;
    made.cluster_name = short_text("pretended");
    made.to = id;
    return made;
  }
  cluster_id cluster() const { return {1, 2}; }
  node_id self() const { return id; }
  std::uint64_t served_version() const { return version; }
  asio::served_members served() const { return members; }
  void input_ended() { door.flush(); }
  void asked(std::uint64_t client, asio::client_request const& what) {
    ++asked_for;
    session_answer said;
    said.attempt = what.what.attempt;
    said.handle = what.what.handle;
    said.session = what.what.session;
    said.number = what.what.number;
    if (leader.has_value()) {
      said.kind = session_answer_kind::refused;
      said.why.code = error_code::not_leader;
      said.hint = {{0, version, *leader}, *leader};
    } else if (what.wish == asio::client_wish::open) {
      said.kind = session_answer_kind::opened;
      said.session = session_id(1);
      said.token_high = what.what.token_high;
      said.token_low = what.what.token_low;
    } else {
      said.kind = session_answer_kind::done;
      if (thinks_it_over) return thought_over.emplace_back(client, said), void();
    }
    answer(client, said);
  }
  void answer(std::uint64_t client, session_answer const& said) {
    std::vector<std::byte> reply;
    cereal_codec coder;
    if (said.kind == session_answer_kind::done) {
      EXPECT_TRUE(coder.encode(static_cast<std::int64_t>(id.value), reply));
    }
    door.reply(client, {said, {}, reply});
  }
  void answer_thought_over(std::size_t which) {
    auto const [client, said] = thought_over.at(which);
    answer(client, said);
    door.flush();
  }
};

TEST(client, follows_the_members_as_they_change) {
  served<counter> fixture;
  boost::asio::io_context& io = fixture.io;
  std::vector<held<pretended_replica>> all;
  std::vector<std::string> addresses;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    all.emplace_back(new pretended_replica(io, id));
    ASSERT_FALSE(all.back()->door.open(*asio::read_address("127.0.0.1:0")));
    addresses.push_back(asio::write_address(all.back()->door.local()));
  }
  // From now on those are the members, and this one leads.
  std::uint32_t number = 0;
  auto const change = [&](std::vector<std::uint64_t> const& ids, std::uint64_t leader) {
    asio::served_members made;
    made.number = config_number(++number);
    for (std::uint64_t const id : ids) {
      made.all.push_back({node_id(id), short_text(addresses[id - 1].c_str())});
    }
    for (auto const& one : all) {
      one->members = made;
      one->version = number + 1;
      one->leader = node_id(leader);
      if (one->id.value == leader) one->leader.reset();
    }
  };
  asio::client_options given;
  given.cluster = "pretended";
  given.servers = {{1, addresses[0]}};
  asio::client<counter> client(io, given);
  change({1}, 1);
  auto got = fixture.call(client, std::int64_t{1});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 1);
  // Nobody named the others to this client.
  change({1, 2}, 2);
  got = fixture.call(client, std::int64_t{1});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 2);
  // The one it was told of at first leaves, and is not asked any more.
  change({2, 3}, 3);
  all[0]->door.close();
  int const before = all[0]->asked_for;
  for (int i = 0; i < 10; ++i) {
    got = fixture.call(client, std::int64_t{1});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(*got, 3);
  }
  EXPECT_EQ(all[0]->asked_for, before);
  client.close();
  for (auto const& one : all) one->door.close();
  io.restart();
  io.run_for(std::chrono::milliseconds(50));
}

// The clock is read once for all that a turn does. A handler that runs the loop makes other turns
// within its own, and when it returns, it is later than in any of them.
TEST(client, time_passes_while_a_handler_runs_the_loop) {
  boost::asio::io_context io;
  held<pretended_replica> const replica(new pretended_replica(io, 1));
  ASSERT_FALSE(replica->door.open(*asio::read_address("127.0.0.1:0")));
  asio::client_options given;
  given.cluster = "pretended";
  given.servers = {{1, asio::write_address(replica->door.local())}};
  asio::client<counter> client(io, given);
  replica->thinks_it_over = true;

  bool second_ended = false;
  bool last_ended = false;
  bool went_on = false;
  auto const first = [&](outcome<std::int64_t> const& got) {
    EXPECT_EQ(got.error().code, error_code::cancelled);
    replica->answer_thought_over(1);
    EXPECT_TRUE(run_until(io, [&] { return second_ended; }));
    run_for(io, 100);  // longer than the last may take
    boost::asio::post(io, [&] {
      EXPECT_TRUE(last_ended) << "in the turn that the handler returned to";
      went_on = true;
    });
  };
  // One that is cancelled ends in a turn of its own, so that answers are heard meanwhile.
  boost::asio::cancellation_signal giving_up;
  client.async_submit(std::int64_t{1},
                      boost::asio::bind_cancellation_slot(giving_up.slot(), first));
  client.async_submit(std::int64_t{1}, [&](outcome<std::int64_t> const& second) {
    EXPECT_TRUE(second) << second.error();
    second_ended = true;
  });
  client.async_submit(std::int64_t{1}, asio::client_call{50'000'000},
                      [&](outcome<std::int64_t> const& last) {
                        EXPECT_EQ(last.error().code, error_code::timed_out);
                        last_ended = true;
                      });
  ASSERT_TRUE(run_until(io, [&] { return replica->thought_over.size() >= 3; }));
  giving_up.emit(boost::asio::cancellation_type::terminal);
  EXPECT_TRUE(run_until(io, [&] { return went_on && last_ended; }));
  client.close();
  replica->door.close();
  run_for(io, 50);
}

TEST(client, learns_of_the_other_servers) {
  served<counter> cluster;
  cluster.start_all();
  asio::client<counter> client(cluster.io, cluster.client_options_of({0}));
  ASSERT_TRUE(cluster.call(client, std::int64_t{1}));
  cluster.kill(0);
  auto const got = cluster.call(client, std::int64_t{1});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 2);
}

TEST(client, a_read_at_one_server_goes_there) {
  served<kv> cluster;
  cluster.start_all();
  asio::client<kv> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  ASSERT_TRUE(cluster.call(client, kv::put("a", "1")));
  for (std::uint64_t id : {1U, 2U, 3U}) {
    auto const got =
        cluster.ask(client, kv::get("a"), read::linearizable_follower{}, asio::client_call{0, id});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->value, "1");
  }
  cluster.kill(1);
  auto const gone = cluster.ask(client, kv::get("a"), read::local{},
                                asio::client_call{200'000'000, std::uint64_t{2}});
  EXPECT_NE(gone.refused(), nullptr);
}

TEST(client, says_what_it_knows_when_nobody_answers) {
  served<counter> cluster;
  asio::client<counter> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  auto const got = cluster.wait_for<std::int64_t>([&](auto handler) {
    client.async_submit(std::int64_t{1}, asio::client_call{300'000'000}, std::move(handler));
  });
  ASSERT_FALSE(got);
  EXPECT_NE(got.refused(), nullptr) << "nothing was ever sent: " << got.error();
}

TEST(client, refuses_wrong_options_at_the_first_call) {
  served<counter> cluster;
  auto const error_of = [&](asio::client_options const& given) {
    asio::client<counter> client(cluster.io, given);
    return cluster.call(client, std::int64_t{1}).error().code;
  };
  auto given = cluster.client_options_of({0});
  given.cluster.clear();
  EXPECT_EQ(error_of(given), error_code::bad_option);
  given = cluster.client_options_of({});
  EXPECT_EQ(error_of(given), error_code::empty_membership);
  given = cluster.client_options_of({0});
  given.servers[0].address = "10.0.0.1:5";
  EXPECT_EQ(error_of(given), error_code::insecure_address);
}

TEST(client, of_another_cluster_is_told_so_in_the_end) {
  served<counter> cluster;
  cluster.start_all();
  auto given = cluster.client_options_of({0});
  given.cluster = "another";
  given.submit_timeout_ns = 200'000'000;
  asio::client<counter> client(cluster.io, given);
  auto const got = cluster.call(client, std::int64_t{1});
  EXPECT_NE(got.refused(), nullptr);
}

TEST(client, its_handlers_may_throw) {
  served<counter> cluster;
  cluster.start_all();
  asio::client<counter> client(cluster.io, cluster.client_options_of({0, 1, 2}));
  int called = 0;
  for (int i = 0; i < 5; ++i) {
    client.async_submit(std::int64_t{1}, [&](outcome<std::int64_t>) {
      ++called;
      throw std::runtime_error("thrown by a handler");
    });
  }
  EXPECT_EQ(run_and_catch(cluster.io, [&] { return called == 5; }), 5);
  auto const got = cluster.call(client, std::int64_t{1});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 6);
}

TEST(client, may_go_away_with_commands_under_way) {
  served<counter> cluster;
  cluster.start_all();
  {
    asio::client<counter> client(cluster.io, cluster.client_options_of({0, 1, 2}));
    for (int i = 0; i < 10; ++i) {
      client.async_submit(std::int64_t{1}, [](outcome<std::int64_t>) { FAIL(); });
    }
    cluster.io.poll();
  }
  run_for(cluster.io, 20);
  asio::client<counter> closed(cluster.io, cluster.client_options_of({0, 1, 2}));
  int ended = 0;
  closed.async_submit(std::int64_t{1}, [&](outcome<std::int64_t>) { ++ended; });
  run_for(cluster.io, 1);
  closed.close();
  EXPECT_TRUE(run_until(cluster.io, [&] { return ended == 1; }));
}

}  // namespace
