// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/client.hpp>
#include <synod/asio/json.hpp>
#include <synod/asio/status_text.hpp>
#include <synod/core/generator.hpp>
#include <synod/machine/kv.hpp>
#include <synod/observe/histogram.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "settings.hpp"

namespace store {

namespace {

using synod::kv;
using synod::outcome;
using client = synod::asio::client<kv>;
using synod::asio::boot_time;
using synod::asio::json_writer;

synod::asio::client_options options_of(settings const& with) {
  synod::asio::client_options made;
  made.cluster = with.cluster;
  made.insecure = with.insecure;
  for (std::uint64_t id = 1; id <= with.nodes; ++id) {
    made.servers.push_back({id, client_address(with, id)});
  }
  made.submit_timeout_ns = made.read_timeout_ns = static_cast<std::int64_t>(with.timeout * 1e9);
  return made;
}

template <class R>
exit_code code_of(outcome<R> const& got) {
  return got ? exit_done : got.refused() != nullptr ? exit_refused : exit_unknown;
}

// What one command came to, for people or as JSON.
class report {
 public:
  report(settings const& with, std::string key) : with_(with), key_(std::move(key)) {}

  template <class R, class Say>
  void operator()(outcome<R> const& got, Say say) {
    code = code_of(got);
    json_writer out;
    out.open('{');
    out.field("key", key_);
    out.field("done", static_cast<bool>(got));
    if (got) {
      say(*got, out);
    } else {
      std::string why = synod::asio::text_of(got.error());
      if (got.error().code == synod::error_code::timed_out) why += "; see `kv status`";
      out.field("certain", got.refused() != nullptr);
      out.field("why", why);
      std::string const fate = got.refused() != nullptr ? "not done: " : "perhaps done: ";
      if (!with_.json) std::cerr << "kv: " << fate << why << std::endl;
    }
    out.field("microseconds", (boot_time() - began_) / 1000);
    out.close('}');
    if (with_.json) std::cout << out.text() << std::endl;
  }
  void print(std::string const& text) const {
    if (!with_.json) std::cout << text << std::endl;
  }
  int code = exit_unknown;

 private:
  settings const& with_;
  std::string key_;
  std::int64_t began_ = boot_time();
};

// Reads are linearizable, unless one node is asked for what it knows.
synod::read::level level_of(settings const& with) {
  if (with.at != 0) return synod::read::local{};
  if (with.masterless) return synod::read::linearizable_quorum{};
  return synod::read::linearizable_index{};
}
synod::asio::client_call call_of(settings const& with) {
  synod::asio::client_call made;
  if (with.at != 0) made.at = with.at;
  return made;
}

}  // namespace

int ask(settings const& with) {
  auto const& words = with.words;
  std::string const key = words.size() > 1 ? words[1] : "";
  boost::asio::io_context io(1);
  client asked(io, options_of(with));
  report said(with, key);
  std::function<void(outcome<kv::written>)> const written = [&](outcome<kv::written> const& got) {
    said(got, [&](kv::written const& one, json_writer& out) {
      out.field("changed", one.changed);
      if (one.version != 0) out.field("slot", one.version >> 16);
      said.print(one.changed ? "done" : "not there");
      if (!one.changed) said.code = exit_not_found;
    });
    io.stop();
  };
  if (words[0] == "get") {
    kv::get what(key);
    asked.async_read(std::move(what), level_of(with), call_of(with), [&](outcome<kv::found> got) {
      said(got, [&](kv::found const& one, json_writer& out) {
        if (one) out.field("value", one.value);
        if (one) out.field("slot", one.version >> 16);
        if (one) said.print(one.value);
        if (!one) said.code = exit_not_found;
      });
      io.stop();
    });
  } else if (words[0] == "set") {
    asked.async_submit(kv::put(key, words[2]), written);
  } else if (words[0] == "del") {
    asked.async_submit(kv::del(key), written);
  } else if (words[0] == "incr") {
    std::int64_t by = 1;
    if (words.size() > 2 && !read_number(words[2], by)) {
      std::cerr << "kv: `" << words[2] << "` is no number" << std::endl;
      return exit_usage;
    }
    asked.async_submit(kv::incr(key, by), [&](outcome<kv::number> got) {
      said(got, [&](kv::number const& one, json_writer& out) {
        out.field("value", one.value);
        out.field("slot", one.version >> 16);
        said.print(one ? std::to_string(one.value)
                       : "the value is no number, or the sum too large");
        if (!one) said.code = exit_refused;
      });
      io.stop();
    });
  } else {
    kv::range what(key, words.size() > 2 ? words[2] : "", with.limit);
    asked.async_read(std::move(what), level_of(with), call_of(with), [&](outcome<kv::slice> got) {
      said(got, [&](kv::slice const& found, json_writer& out) {
        out.key("items").open('[');
        for (auto const& one : found.items) {
          out.open('{');
          out.field("key", one.key);
          out.field("value", one.value);
          out.close('}');
          said.print(one.key + " " + one.value);
        }
        out.close(']');
        out.field("more", found.more);
        if (found.more) said.print("... and more: --limit N shows them");
      });
      io.stop();
    });
  }
  io.run();
  return said.code;
}

namespace {

// Clients that each do one thing after the other until the time is over.
class load {
 public:
  explicit load(settings const& with)
      : with_(with), until_(boot_time() + static_cast<std::int64_t>(with.seconds * 1e9)),
        prefix_("bench/" + std::to_string(synod::asio::random_bits()) + "/"),
        dice_(synod::asio::random_bits()) {
    if (!with.history.empty()) history_.open(with.history, std::ios::trunc);
    padding_.assign(with.value_bytes, ' ');
    if (with.count) prefix_ += "counter";
  }
  [[nodiscard]] bool can_write_history() const { return with_.history.empty() || history_; }

  int run() {
    auto options = options_of(with_);
    if (with_.count) options.submit_timeout_ns = 120'000'000'000;
    for (unsigned i = 0; i < with_.clients; ++i) {
      all_.push_back(std::make_unique<one_client>(one_client{client(io_, options), i, 0, {}, {}}));
    }
    began_ = last_done_ = boot_time();
    // Whoever asks it to end gets the figures all the same.
    boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
    signals.async_wait([this](boost::system::error_code bad, int) {
      if (!bad) until_ = boot_time();
    });
    for (auto const& one : all_) next(*one);
    io_.run();
    if (with_.count) read_total();
    return tell();
  }

 private:
  enum class kind : std::uint8_t { read, write, add };
  struct one_client {
    client over;
    std::uint64_t process;
    std::int64_t invoked;
    std::string key;
    std::int64_t value;
  };

  void note(one_client const& by, char const* type, kind what, std::string const& value) {
    if (!history_.is_open()) return;
    constexpr char const* names[] = {"read", "write", "add"};
    history_ << "{\"process\":" << by.process << ",\"type\":\"" << type << "\",\"f\":\""
             << names[static_cast<int>(what)] << "\",\"key\":\"" << by.key
             << "\",\"value\":" << value << ",\"time\":" << boot_time() << "}\n";
  }

  void next(one_client& by) {
    if (boot_time() >= until_) {
      if (--running_ == 0) io_.stop();
      return;
    }
    by.invoked = boot_time();
    by.key = with_.count ? prefix_ : prefix_ + std::to_string(dice_.below(with_.keys));
    if (with_.count) {
      note(by, "invoke", kind::add, "1");
      by.over.async_submit(kv::incr(by.key), [this, &by](outcome<kv::number> got) {
        if (got) acknowledged_ += 1;
        ended(by, kind::add, got, got ? std::to_string(got->value) : "1");
      });
    } else if (dice_.below(100) < with_.reads) {
      note(by, "invoke", kind::read, "null");
      kv::get what(by.key);
      by.over.async_read(std::move(what), level_of(with_), [this, &by](outcome<kv::found> got) {
        bool const there = got && *got;
        ended(by, kind::read, got, there ? got->value.substr(0, got->value.find(' ')) : "null");
      });
    } else {
      by.value = ++values_;
      note(by, "invoke", kind::write, std::to_string(by.value));
      by.over.async_submit(kv::put(by.key, std::to_string(by.value) + padding_),
                           [this, &by](outcome<kv::written> got) {
                             ended(by, kind::write, got, std::to_string(by.value));
                           });
    }
  }

  template <class R>
  void ended(one_client& by, kind what, outcome<R> const& got, std::string const& value) {
    // A read that did not end well did nothing, so it counts as failed.
    bool const certain = got.refused() != nullptr || what == kind::read;
    note(by, got ? "ok" : certain ? "fail" : "info", what, value);
    std::int64_t const now = boot_time();
    if (got) {
      (what == kind::read ? reads_ : writes_).add(static_cast<std::uint64_t>(now - by.invoked));
      if (what != kind::read) stall_ = std::max(stall_, now - std::exchange(last_done_, now));
    } else {
      ++(certain ? refused_ : unknown_);
      why_ = synod::asio::text_of(got.error());
      // Whoever does not know what became of its operation does nothing else: another goes on.
      if (!certain) by.process += with_.clients;
    }
    if (got) return next(by);
    auto const pause =
        std::make_shared<boost::asio::steady_timer>(io_, std::chrono::milliseconds(20));
    pause->async_wait([this, &by, pause](boost::system::error_code) { next(by); });
  }

  void read_total() {
    io_.restart();
    all_[0]->over.async_submit(kv::get(prefix_), [this](outcome<kv::found> got) {
      if (got) total_ = got->value;
      io_.stop();
    });
    io_.run();
  }

  static void write_latency(json_writer& out, char const* name, synod::histogram const& of) {
    out.key(name).open('{');
    out.field("count", of.count());
    out.field("p50_us", of.at_permille(500) / 1000);
    out.field("p99_us", of.at_permille(990) / 1000);
    out.field("p999_us", of.at_permille(999) / 1000);
    out.close('}');
  }
  static void print_latency(char const* name, synod::histogram const& of) {
    if (of.count() == 0) return;
    std::cout << name << of.count() << "  p50 " << of.at_permille(500) / 1000 << " us  p99 "
              << of.at_permille(990) / 1000 << " us  p99.9 " << of.at_permille(999) / 1000
              << " us\n";
  }

  int tell() {
    history_.flush();
    stall_ = std::max(stall_, until_ - last_done_);
    double const seconds = static_cast<double>(boot_time() - began_) / 1e9;
    auto const rate =
        static_cast<std::uint64_t>(static_cast<double>(reads_.count() + writes_.count()) / seconds);
    bool const wrote = with_.reads < 100 || with_.count;
    if (with_.json) {
      json_writer out;
      out.open('{');
      out.field("operations_per_second", rate);
      write_latency(out, "reads", reads_);
      write_latency(out, "writes", writes_);
      out.field("refused", refused_);
      out.field("unknown", unknown_);
      if (wrote) out.field("longest_without_a_write_ms", stall_ / 1'000'000);
      if (with_.count) out.field("acknowledged", acknowledged_);
      if (with_.count) out.field("total", total_);
      out.close('}');
      std::cout << out.text() << std::endl;
    } else {
      std::cout << rate << " operations/s by " << with_.clients << " clients\n";
      print_latency("reads   ", reads_);
      print_latency("writes  ", writes_);
      std::cout << "refused " << refused_ << ", unknown " << unknown_;
      if (!why_.empty()) std::cout << " (the last: " << why_ << ")";
      if (wrote) std::cout << "; longest without a write " << stall_ / 1'000'000 << " ms";
      std::cout << std::endl;
      if (with_.count) {
        std::cout << "acknowledged " << acknowledged_ << ", total " << total_ << std::endl;
      }
    }
    if (with_.count) {
      bool const once = unknown_ == 0 && total_ == std::to_string(acknowledged_);
      return once ? exit_done : exit_not_found;
    }
    return reads_.count() + writes_.count() == 0 ? exit_refused : exit_done;
  }

  settings const& with_;
  boost::asio::io_context io_{1};
  std::vector<std::unique_ptr<one_client>> all_;
  std::size_t running_ = with_.clients;
  std::int64_t until_;
  std::string prefix_;
  synod::generator dice_;
  std::string padding_;
  std::ofstream history_;
  synod::histogram reads_;
  synod::histogram writes_;
  std::uint64_t refused_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::string total_ = "0";
  std::string why_;
  std::int64_t values_ = 0;
  std::int64_t began_ = 0;
  std::int64_t last_done_ = 0;
  std::int64_t stall_ = 0;
};

}  // namespace

int bench(settings const& with) {
  load one(with);
  if (!one.can_write_history()) {
    std::cerr << "kv: cannot write " << with.history << std::endl;
    return exit_usage;
  }
  return one.run();
}

}  // namespace store
