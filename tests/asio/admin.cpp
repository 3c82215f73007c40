// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/http.hpp>
#include <synod/asio/json.hpp>
#include <synod/asio/status_text.hpp>

#include <gtest/gtest.h>

#include <string>

#include "asio/replicas.hpp"

namespace {

using namespace synod;
using namespace synod::asio;
using support::raw_client;
using support::replicas;
using support::run_until;

int status_of(std::string const& text, http_request& into) {
  int status = 0;
  switch (read_http_request(text, into, status)) {
    case http_progress::incomplete: return 0;
    case http_progress::refused:
    case http_progress::complete: return status;
  }
  return -1;
}

TEST(http, reads_a_request_however_it_is_cut) {
  std::string const whole =
      "GET /status?x=1 HTTP/1.1\r\nHost: localhost:9001\r\nAccept: */*\r\n\r\n";
  http_request got;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(status_of(whole.substr(0, length), got), 0) << length;
  }
  EXPECT_EQ(status_of(whole, got), 200);
  EXPECT_EQ(got.method, "GET");
  EXPECT_EQ(got.path, "/status");
  EXPECT_EQ(got.host, "localhost");
}

TEST(http, refuses_what_it_does_not_do) {
  http_request got;
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\n\r\n", got), 405);
  EXPECT_EQ(status_of("GET / HTTP/2\r\n\r\n", got), 400);
  EXPECT_EQ(status_of("GET\r\n\r\n", got), 400);
  EXPECT_EQ(status_of("GET http://x/ HTTP/1.1\r\n\r\n", got), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nno colon\r\n\r\n", got), 400);
  EXPECT_EQ(status_of("\r\n\r\n", got), 400);
  EXPECT_EQ(status_of(std::string(http_request_bytes_max, 'x'), got), 431);
}

TEST(http, only_this_machine_may_ask) {
  for (char const* host : {"", "localhost", "127.0.0.1", "[::1]"}) {
    EXPECT_TRUE(is_local_host(host)) << host;
  }
  EXPECT_FALSE(is_local_host("evil.example"));
  http_request got;
  std::string const whole = "GET / HTTP/1.1\r\nhOsT: [::1]:9\r\n\r\n";  // `got` points into it
  EXPECT_EQ(status_of(whole, got), 200);
  EXPECT_EQ(got.host, "[::1]");
}

TEST(json, is_written_with_its_commas_and_escapes) {
  json_writer out;
  out.open('{');
  out.field("a", 1);
  out.field("b", "quote \" back \\ line \n");
  out.key("c").open('[');
  out.value(true);
  out.nothing();
  out.open('{');
  out.close('}');
  out.close(']');
  out.close('}');
  EXPECT_EQ(out.text(),
            "{\"a\":1,\"b\":\"quote \\\" back \\\\ line \\u000a\",\"c\":[true,null,{}]}");
}

TEST(status_text, says_why_a_slot_is_not_decided) {
  replica_status made;
  made.phase = replica_phase::running;
  made.leader = {{0, 7, node_id(1)}, node_id(1)};
  made.highest_seen = {0, 9, node_id(2)};
  open_slot one;
  one.at = slot(812);
  one.voted = {node_id(1)};
  one.silent = {node_id(2)};
  one.unlinked = {node_id(3)};
  one.would_do = {node_id(1), node_id(2)};
  made.open.push_back(one);
  EXPECT_EQ(
      what_it_waits_for(made),
      "slot 812 of ballot 0.7.1 is not decided: accepted by 1, which is no quorum; no answer "
      "from 2; no connection to 3; a quorum would be 1, 2; blocked by the higher ballot 0.9.2");
}

struct administered {
  replicas<counter> cluster;
  std::uint16_t port = support::free_port();

  administered() {
    for (std::size_t i = 0; i < 3; ++i) {
      auto given = cluster.options_of(i);
      if (i == 0) given.admin_listen = "127.0.0.1:" + std::to_string(port);
      if (i == 0) given.admin_page = "<title>synod</title>";
      cluster.start(i, given);
    }
    EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
    EXPECT_TRUE(cluster.submit(0, std::int64_t{1}));
  }
  std::string ask(std::string const& request) {
    raw_client visitor(port);
    visitor.send(std::as_bytes(std::span(request.data(), request.size())));
    std::vector<std::byte> heard;
    run_until(cluster.io, [&] { return !visitor.receive(heard); });
    return {reinterpret_cast<char const*>(heard.data()), heard.size()};
  }
  std::string get(std::string const& path) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  }
};

TEST(admin, serves_status_metrics_health_and_a_page) {
  administered node;
  std::string const status = node.get("/status");
  EXPECT_TRUE(status.starts_with("HTTP/1.1 200 OK\r\n")) << status;
  EXPECT_NE(status.find("\"phase\":\"running\""), std::string::npos) << status;
  EXPECT_NE(status.find("\"waits_for\":\"\""), std::string::npos) << status;
  std::string const metrics = node.get("/metrics");
  EXPECT_NE(metrics.find("\nsynod_up 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("synod_link_up{peer=\"2\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("synod_operations_done_total 1\n"), std::string::npos) << metrics;
  EXPECT_NE(node.get("/healthz").find("\r\n\r\nok\n"), std::string::npos);
  EXPECT_NE(node.get("/").find("<title>"), std::string::npos);
  EXPECT_TRUE(node.get("/elsewhere").starts_with("HTTP/1.1 404"));
  std::string const head = node.ask("HEAD /status HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(admin, explains_what_a_leader_without_a_quorum_waits_for) {
  administered node;
  std::size_t const leader = *node.cluster.leader();
  if (leader != 0) {
    auto const moved = node.cluster.wait_for<done>([&](auto handler) {
      node.cluster.nodes[leader]->async_transfer_leadership(1, std::move(handler));
    });
    ASSERT_TRUE(moved) << moved.error();
    ASSERT_TRUE(run_until(node.cluster.io, [&] { return node.cluster.nodes[0]->status().leads; }));
  }
  node.cluster.kill(1);
  node.cluster.kill(2);
  node.cluster.nodes[0]->async_submit(std::int64_t{1}, [](outcome<std::int64_t>) {});
  std::string status;
  auto const says = [&](char const* what) { return status.find(what) != std::string::npos; };
  auto const told = [&] {
    status = node.get("/status");
    return says("is not decided: accepted by 1, which is no quorum; no connection to 2, 3") ||
           says("no leader: 1 of 3 voters are connected here");
  };
  EXPECT_TRUE(run_until(node.cluster.io, told)) << status;
  EXPECT_TRUE(
      run_until(node.cluster.io, [&] { return node.get("/healthz").starts_with("HTTP/1.1 503"); }));
}

TEST(admin, refuses_strangers_noise_and_silence) {
  administered node;
  EXPECT_TRUE(
      node.ask("GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(node.ask("DELETE / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(node.ask(std::string(20'000, 'x')).starts_with("HTTP/1.1 431"));
  EXPECT_EQ(node.ask("GET / HT"), "");  // it waits, and is cut off in time
}

}  // namespace
