// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/replica.hpp>
#include <synod/machine/kv.hpp>
#include <synod/observe/counters.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "front_door.hpp"
#include "resp.hpp"

namespace store {

template <class Protocol>
using replica_of =
    synod::asio::replica<Protocol, synod::kv, synod::file_log<>, synod::asio::tcp_mesh,
                         synod::cereal_codec, synod::counters>;

// What Redis clients may ask of a replica. Whoever does not lead sends them on to the one that
// does, with MOVED and its address; without leaders everybody serves.
template <class Protocol>
class service {
 public:
  using replica = replica_of<Protocol>;
  using words = std::vector<std::string>;

  // Under way at once in the one session that this node has; the cluster's limit is the same.
  static constexpr std::uint32_t commands_max = 1000;
  using kv = synod::kv;

  service(replica& of, std::uint64_t self) : replica_(of), self_(self) {}

  void execute(words given, answer to) {
    std::string& name = given[0];
    for (char& c : name) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    std::size_t const count = given.size();
    auto const wrong = [&](char const* usage) {
      to(resp::failure(std::string("ERR wrong arguments: ") + usage));
    };
    if (name == "PING" && count <= 2) {
      return to(count == 1 ? resp::simple("PONG") : resp::text(given[1]));
    }
    if (name == "ECHO") return count == 2 ? to(resp::text(given[1])) : wrong("ECHO TEXT");
    if (name == "QUIT") return to(resp::simple("OK"));
    if (name == "COMMAND" || name == "CONFIG") return to(resp::array(0));  // what clients probe for
    if (name == "EXPLAIN") {
      return count > 1 ? explain(std::move(given), std::move(to)) : wrong("EXPLAIN COMMAND ...");
    }
    if (name == "FAILOVER") {
      return count == 3 ? fail_over(given[2], std::move(to)) : wrong("FAILOVER TO NODE");
    }
    if (name == "DBSIZE") return count == 1 ? size(std::move(to)) : wrong("DBSIZE");
    if (name == "GET") return count == 2 ? get(std::move(given[1]), to) : wrong("GET KEY");
    if (name == "SET") return count == 3 ? set(std::move(given), to) : wrong("SET KEY VALUE");
    if (name == "DEL") return count > 1 ? del(std::move(given), to) : wrong("DEL KEY ...");
    if (name == "EXISTS") return count > 1 ? exists(std::move(given), to) : wrong("EXISTS KEY ...");
    if (name == "RANGE") {
      return count == 4 ? range(std::move(given), to) : wrong("RANGE FIRST LAST LIMIT");
    }
    if (name == "INCR" || name == "DECR" || name == "INCRBY" || name == "DECRBY") {
      return add(std::move(given), std::move(to));
    }
    to(resp::failure("ERR unknown command `" + name.substr(0, 64) +
                     "`: there are GET SET DEL EXISTS INCR INCRBY DECR DECRBY RANGE DBSIZE PING "
                     "ECHO EXPLAIN FAILOVER"));
  }

 private:
  static synod::read::level level() {
    if constexpr (Protocol::elects_leader) return synod::read::linearizable_index{};
    return synod::read::linearizable_quorum{};
  }

  // Whoever else is known to lead, as an answer; empty if this node may try.
  [[nodiscard]] std::string moved(std::string const& key) const {
    auto const hint = replica_.leader();
    if (!hint.leader || hint.leader->value == self_) return {};
    auto const where = replica_.service_of(*hint.leader);
    if (where.empty()) return {};
    return resp::failure("MOVED " + std::to_string(resp::hash_slot(key)) + " " +
                         std::string(where));
  }

  template <class R>
  std::string failure_of(synod::outcome<R> const& got, std::string const& key) const {
    char text[256];
    synod::error const why = got.error();
    std::string const reason(text, why.render(text));
    if (got.unknown() != nullptr) return resp::failure("UNKNOWN perhaps done: " + reason);
    switch (why.code) {
      case synod::error_code::too_large: return resp::failure("ERR not done: " + reason);
      case synod::error_code::disk_full: return resp::failure("OOM not done: " + reason);
      case synod::error_code::not_leader: {
        auto const elsewhere = moved(key);
        if (!elsewhere.empty()) return elsewhere;
        break;
      }
      default: break;
    }
    return resp::failure("TRYAGAIN not done: " + reason);
  }

  // A handler that answers with what `render` makes of the result.
  template <class R, class Render>
  auto answering(answer to, std::string key, Render render) {
    return [this, to = std::move(to), key = std::move(key), render](synod::outcome<R> got) {
      if (!got) return to(failure_of(got, key));
      if constexpr (requires { got->version; }) version_ = got->version;
      to(render(*got));
      version_ = 0;
    };
  }
  template <class Command, class Render>
  void submit(Command&& what, std::string key, answer const& to, Render render) {
    using result = synod::result_of<kv, std::remove_cvref_t<Command>>;
    if (auto const elsewhere = moved(key); !elsewhere.empty()) return to(elsewhere);
    if (under_way_ == commands_max) {
      if (waiting_.size() == waiting_max) return to(resp::failure("TRYAGAIN not done: too busy"));
      return waiting_.push_back([this, what, key, to, render] { submit(what, key, to, render); });
    }
    ++under_way_;
    answer const ended = [this, to](std::string text) {
      to(std::move(text));
      --under_way_;
      // One that is sent elsewhere makes room for no other.
      while (under_way_ < commands_max && !waiting_.empty()) {
        auto const next = std::move(waiting_.front());
        waiting_.pop_front();
        next();
      }
    };
    replica_.async_submit(std::forward<Command>(what),
                          answering<result>(ended, std::move(key), render));
  }

  void get(std::string key, answer const& to) {
    if (auto const elsewhere = moved(key); !elsewhere.empty()) return to(elsewhere);
    auto const render = [](kv::found const& one) {
      return one ? resp::text(one.value) : resp::nothing();
    };
    kv::get what(key);
    // Who does not know a leader yet asks through the log, and waits for one.
    if (Protocol::elects_leader && !replica_.leader().leader) {
      return submit(std::move(what), std::move(key), to, render);
    }
    replica_.async_read(std::move(what), level(), answering<kv::found>(to, std::move(key), render));
  }
  void set(words given, answer const& to) {
    std::string key = given[1];
    submit(kv::put(std::move(given[1]), std::move(given[2])), std::move(key), to,
           [](kv::written const&) { return resp::simple("OK"); });
  }
  void add(words given, answer to) {
    bool const down = given[0].starts_with("DECR");
    bool const amount = given[0].ends_with("BY");
    std::int64_t by = 1;
    if (given.size() != (amount ? 3U : 2U)) {
      return to(
          resp::failure("ERR wrong arguments: " + given[0] + " KEY" + (amount ? " AMOUNT" : "")));
    }
    if (amount) {
      std::string const& text = given[2];
      auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), by);
      if (bad != std::errc() || end != text.data() + text.size() || by == INT64_MIN) {
        return to(resp::failure("ERR value is not an integer or out of range"));
      }
    }
    submit(kv::incr(given[1], down ? -by : by), given[1], to, [](kv::number const& one) {
      return one ? resp::integer(one.value)
                 : resp::failure("ERR value is not an integer or out of range");
    });
  }
  void range(words given, answer const& to) {
    std::uint32_t limit = 0;
    std::string const& text = given[3];
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (bad != std::errc() || end != text.data() + text.size() || limit > 10'000) {
      return to(resp::failure("ERR LIMIT is a number of at most 10000"));
    }
    if (auto const elsewhere = moved(given[1]); !elsewhere.empty()) return to(elsewhere);
    kv::range what(given[1], given[2], limit);
    replica_.async_read(std::move(what), level(),
                        answering<kv::slice>(to, given[1], [](kv::slice const& found) {
                          std::string all = resp::array(found.items.size() * 2);
                          for (auto const& one : found.items) {
                            all += resp::text(one.key) + resp::text(one.value);
                          }
                          return all;
                        }));
  }

  // Several keys: one command for each, and the sum of what they say.
  struct sum {
    std::size_t left;
    std::int64_t count = 0;
    std::string failure = {};
    answer to;
    void one_more(std::string const& reply) {
      if (reply.starts_with(':')) {
        count += reply[1] - '0';
      } else {
        failure = reply;
      }
      if (--left == 0) to(failure.empty() ? resp::integer(count) : failure);
    }
  };
  static answer part_of(std::shared_ptr<sum> const& all) {
    return [all](std::string const& reply) { all->one_more(reply); };
  }
  void del(words given, answer const& to) {
    auto const all = std::make_shared<sum>(sum{given.size() - 1, 0, {}, to});
    for (std::size_t i = 1; i < given.size(); ++i) {
      submit(kv::del(given[i]), given[i], part_of(all),
             [](kv::written const& one) { return resp::integer(one.changed ? 1 : 0); });
    }
  }
  void exists(words given, answer const& to) {
    auto const all = std::make_shared<sum>(sum{given.size() - 1, 0, {}, to});
    for (std::size_t i = 1; i < given.size(); ++i) {
      get(given[i], [one = part_of(all)](std::string const& reply) {
        if (reply.starts_with('-')) return one(reply);
        one(resp::integer(reply.starts_with("$-1") ? 0 : 1));
      });
    }
  }
  void size(answer to) const {
    kv const* const state = replica_.local();
    to(resp::integer(state == nullptr ? 0 : static_cast<std::int64_t>(state->size())));
  }

  // The reply, and then where and how long: slot, ballot, microseconds.
  void explain(words given, answer to) {
    given.erase(given.begin());
    auto const began = synod::asio::boot_time();
    execute(std::move(given), [this, began, to = std::move(to)](std::string const& reply) {
      if (reply.starts_with("-MOVED")) return to(reply);
      auto const now = replica_.status();
      std::uint64_t const slot = version_ != 0 ? version_ >> 16 : now.applied.value;
      auto const took = (synod::asio::boot_time() - began) / 1000;
      to(resp::array(4) + reply + resp::integer(static_cast<std::int64_t>(slot)) +
         resp::text(synod::asio::text_of(now.leader.at)) + resp::integer(took));
    });
  }

  void fail_over(std::string const& text, answer to) {
    std::uint64_t heir = 0;
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), heir);
    if (bad != std::errc() || end != text.data() + text.size()) {
      return to(resp::failure("ERR FAILOVER TO NODE: the number of a node"));
    }
    if (auto const elsewhere = moved(""); !elsewhere.empty()) return to(elsewhere);
    replica_.async_transfer_leadership(
        heir,
        answering<synod::done>(std::move(to), {}, [](synod::done) { return resp::simple("OK"); }));
  }

  static constexpr std::size_t waiting_max = 65'536;

  replica& replica_;
  std::size_t under_way_ = 0;
  std::deque<std::function<void()>> waiting_;  // commands beyond what one session may have
  std::uint64_t self_;
  std::uint64_t version_ = 0;  // of what is being answered
};

}  // namespace store
