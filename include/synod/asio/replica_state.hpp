// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/admin.hpp>
#include <synod/asio/alarm.hpp>
#include <synod/asio/at_end.hpp>
#include <synod/asio/client_door.hpp>
#include <synod/asio/clock.hpp>
#include <synod/asio/entropy.hpp>
#include <synod/asio/greeting.hpp>
#include <synod/asio/held.hpp>
#include <synod/asio/observed.hpp>
#include <synod/asio/opened_store.hpp>
#include <synod/asio/operation.hpp>
#include <synod/asio/queries.hpp>
#include <synod/asio/replica_options.hpp>
#include <synod/asio/replica_status.hpp>
#include <synod/asio/snapshot_wish.hpp>
#include <synod/asio/status_text.hpp>
#include <synod/core/always_inline.hpp>
#include <synod/leader/policy.hpp>
#include <synod/machine/commands.hpp>
#include <synod/observe/events.hpp>
#include <synod/runtime/node.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace synod::asio {

// Everything of one replica, kept alive by its handlers: a node, and what joins it to the world.
// Whatever arrives is given to the node at once; what follows from it is done in one turn, which is
// posted with the first input and so runs after everything that was ready with it. See
// runtime/node_turn.hpp for what a turn does, and runtime/drain.hpp for its order.
template <class Protocol, class Machine, class Storage, class Transport, class Codec,
          class Observer>
class replica_state {
 public:
  using executor_type = typename Transport::executor_type;
  using links_type = typename Transport::template links<replica_state>;
  using opening = store_opening<Storage>;

  // What the node tells its observer, passed on; some of it the host itself needs to know.
  struct watcher {
    replica_state* host;

    void on(configuration_changed const& one) { host->members_changed(one); }
    template <class Event>
      requires hears<Observer, Event>
    void on(Event const& one) { host->observer_.on(observed(one)); }
  };
  // What nobody waits for leaves at the end of a turn: see turn().
  struct outgoing {
    replica_state* host;

    void send(node_id to, shared_bytes const& frame) { host->links_.send(to, frame); }
    void send_soon(node_id to, shared_bytes const& frame) { host->links_.send_soon(to, frame); }
    void hurry() { host->flush(); }
  };
  struct parts : node_parts {
    using protocol = Protocol;
    using machine = Machine;
    using codec = Codec;
    using storage = overlapped_log<Storage>;
    using snapshots = typename opening::snapshots;
    using transport = outgoing;
    using user = replica_state;
    using policy = snapshot_wish;
    using observer = watcher;
  };
  using node_type = node<parts>;
  using core_type = typename node_type::core_type;
  using options = replica_options<typename core_type::options>;

  holdable holders;

  replica_state(executor_type const& on, options given, Machine machine, Codec coder,
                Observer observer)
      : executor_(on), options_(std::move(given)), machine_(std::move(machine)),
        coder_(std::move(coder)), observer_(std::move(observer)), watcher_{this}, outgoing_{this},
        links_(on, mesh_of(options_), *this), door_(on, options_.clients, *this), admin_(on, *this),
        alarm_(on), disk_events_(on) {}

  // --- from the user ---

  [[nodiscard]] executor_type const& executor() const { return executor_; }
  [[nodiscard]] operation_memory& memory() { return memory_; }
  [[nodiscard]] Observer& observer() { return observer_; }
  [[nodiscard]] options const& given() const { return options_; }
  [[nodiscard]] replica_status status() const;
  [[nodiscard]] leader_hint leader() const {
    return is_running() ? node_->core().hint() : leader_hint();
  }
  [[nodiscard]] std::string_view service_of(node_id who) const {
    if (who == self()) return options_.service;
    greeting const* const said = ended_ ? nullptr : links_.said_by(who);
    return said == nullptr ? std::string_view() : said->service.c_str();
  }
  [[nodiscard]] Machine const* machine() const {
    return node_ != nullptr && node_->running() ? &node_->state() : nullptr;
  }
  // Requires: it runs.
  [[nodiscard]] node_type& running_node() { return *node_; }
  [[nodiscard]] node_type const* running_node() const {
    return node_ != nullptr && node_->running() ? node_.get() : nullptr;
  }
  [[nodiscard]] links_type& links() { return links_; }

  // Begins to wait for an outcome<R>. `harmless`: what ends early has done nothing.
  template <class R, class Handler, class Query>
  operation& make(Handler&& handler, Query query, bool harmless) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    using waiting = waiting_operation<R, std::decay_t<Handler>, executor_type, Query>;
    operation& one =
        waiting::make(memory_, std::forward<Handler>(handler), executor_, std::move(query));
    one.harmless = harmless;
    std::uint64_t const token = book_.add(one, run_at_ != 0 ? run_at_ : boot_time());
    if (slot.is_connected()) slot.assign(canceller{this, token});
    return one;
  }

  void start(operation& one) {
    std::uint64_t const token = one.token;
    if (phase_ != replica_phase::idle) {
      return refuse(token, {error_code::busy, options_.id, "start", "start a replica once"});
    }
    start_token_ = token;
    start_deadline_ = later(options_.start_timeout_ns);
    if (error const why = begin()) return end(why);
    wake();
  }

  template <class One>
  SYNOD_ALWAYS_INLINE void submit(operation& one, One&& what, time_ns timeout) {
    std::uint64_t const token = one.token;
    if (!is_running()) return refuse(token, not_running());
    if (timeout == 0) timeout = options_.submit_timeout_ns;
    auto const why = node_->submit(one.began, std::forward<One>(what), token, one.began + timeout);
    if (why) return refuse(token, *why);
    wake();
  }

  void read(operation& one, read::level const& level, time_ns timeout) {
    std::uint64_t const token = one.token;
    if (!is_running()) return refuse(token, not_running());
    if (timeout == 0) timeout = options_.read_timeout_ns;
    auto const why = node_->read(one.began, level, token, one.began + timeout);
    if (why) return refuse(token, *why);
    wake();
  }

  void transfer(operation& one, node_id to);
  void snapshot(operation& one) {
    std::uint64_t const token = one.token;
    if (!is_running()) return refuse(token, not_running());
    wish_.wanted = true;
    wishes_.push_back({token, node_id(), later(options_.snapshot_timeout_ns)});
    wake();
  }

  void stop(operation& one) {
    std::uint64_t const token = one.token;
    if (ended_) {
      book_.complete(token, outcome<done>(done()));
      return wake();
    }
    stops_.push_back(token);
    stopping_ = true;
    stop_deadline_ = later(options_.stop_timeout_ns);
    hand_over();
    wake();
  }

  // Effects: everything ends, and every handler is called: what was not done is refused, and of
  // what may be done the fate is unknown.
  void end(error const& why);
  // Effects: everything ends without a word, as its owner goes away.
  void abandon() {
    end({error_code::shutting_down, options_.id, "replica", ""});
    book_.drop_all(memory_);
  }

  // --- from the links ---

  greeting greet() const;
  error judge(greeting const&) { return {}; }
  void refused_by(node_id, error_code) {}
  void linked(node_id who) {
    if (node_ == nullptr || ended_) return;
    node_->connected(boot_time(), who);
    wake();
  }
  void unlinked(node_id) {}
  void received(node_id, frame&& one) {
    if (node_ == nullptr || ended_) return;
    if (input_at_ == 0) input_at_ = boot_time();
    heard_ = true;
    node_->receive(input_at_, one);
  }
  // What came from a node is answered at once: its frames came in one read, and a turn that is
  // posted waits for a look at every socket. What clients ask for is gathered from all of them.
  void input_ended() {
    time_ns const at = std::exchange(input_at_, 0);
    if (at == 0) return;
    if (!std::exchange(heard_, false)) return wake();
    // A vote too many, as there is one to almost every decision, has no consequences.
    bool const quiet = !in_turn_ && !turn_due_ && !ended_ && !node_stopped_;
    if (quiet && !node_->wants_turn()) return rest(at);
    turn_due_ = true;
    turn(at);
  }

  // --- from the door of clients ---

  error_code judge(client_hello const& got) const;
  [[nodiscard]] client_hello own_hello() const {
    client_hello made;
    made.cluster_name = short_text(options_.cluster.c_str());
    made.to = self();
    return made;
  }
  [[nodiscard]] cluster_id cluster() const {
    return node_ == nullptr ? cluster_id() : node_->boot().cluster();
  }
  [[nodiscard]] node_id self() const { return node_id(options_.id); }
  void asked(std::uint64_t client, client_request const& what);
  [[nodiscard]] std::uint64_t served_version() const;
  [[nodiscard]] served_members served() const;

  // --- from the admin page ---

  admin_page page(std::string_view path) const;

  // --- from the node ---

  template <class R>
  void completed(std::uint64_t token, outcome<R> what) {
    if constexpr (hears<Observer, operation_ended>) {
      if (operation const* const one = book_.find(token)) {
        observer_.on(operation_ended{input_at_, boot_time() - one->began, what.error().code,
                                     what.unknown() != nullptr});
      }
    }
    book_.complete(token, std::move(what));
  }
  void readable(std::uint64_t token, error const& why);
  void answer(std::uint64_t client, time_ns asked_at, session_answer const& what,
              std::span<std::byte const> reply);
  void foresee_answers(std::span<std::uint64_t const> of) const { door_.foresee_replies(of); }
  void stopped(error const& why) { node_stopped_ = why; }

 private:
  static constexpr int rounds_max = 16;  // of one turn, before others may run on this executor

  // Whoever waits wants to be called now, whatever becomes of what he waits for.
  struct canceller {
    replica_state* at;
    std::uint64_t token;
    void operator()(boost::asio::cancellation_type type) const {
      using kind = boost::asio::cancellation_type;
      if ((type & (kind::terminal | kind::partial)) == kind::none) return;
      if (at->book_.fail(token, {error_code::cancelled, 0, "operation", "its caller gave up"})) {
        at->wake();
      }
    }
  };
  struct promised {
    std::uint64_t token = 0;
    node_id to;
    time_ns deadline = never;
  };

  static time_ns later(time_ns timeout) { return timeout == never ? never : boot_time() + timeout; }
  [[nodiscard]] bool is_running() const {
    return !ended_ && !stopping_ && node_ != nullptr && node_->running();
  }
  [[nodiscard]] error not_running() const {
    if (phase_ == replica_phase::stopped && why_) return why_;
    if (ended_ || stopping_) {
      return {error_code::shutting_down, options_.id, "replica", "it was stopped"};
    }
    return {error_code::not_ready, options_.id, "replica", "wait until async_start is done"};
  }
  void refuse(std::uint64_t token, error const& why) {
    book_.refuse(token, why);
    wake();
  }

  // A read of a client, on its way.
  struct client_read;
  void serve_read(std::uint64_t client, client_request const& asked,
                  typename Machine::command what);
  void refuse_client(std::uint64_t client, session_request const& asked, error_code why);

  error begin();
  void name_peers();
  void watch_disk();

  void wake();
  void turn(time_ns now);  // one for everything that came since the last one
  time_ns act(time_ns now);
  void look_around(time_ns now);
  void rest(time_ns now) {
    let_go(now);
    flush();
    door_.flush();
    set_alarm(now);
  }
  void flush() { links_.flush(); }
  // What was held back has waited long enough.
  void let_go(time_ns now) {
    if (now < held_until_) return;
    links_.hurry();
    held_until_ = never;
  }
  // In this turn: others wait for what belongs to records.
  [[nodiscard]] bool has_promised() const {
    return log_->last() != taken_then_ || log_->known() != durable_then_;
  }
  bool grown();
  void look_after_waiters(time_ns now);
  void set_alarm(time_ns now);
  [[nodiscard]] std::vector<open_slot> open_slots() const;
  [[nodiscard]] std::vector<node_id> nearest_quorum(open_slot const& of) const;

  void members_changed(configuration_changed const& one) {
    peers_changed_ = true;
    observe(observer_, one);
  }
  void hand_over();
  void make_do_with_space();

  executor_type executor_;
  options options_;
  Machine machine_;
  Codec coder_;
  Observer observer_;
  watcher watcher_;
  outgoing outgoing_;
  operation_memory memory_;
  operation_book book_;

  std::unique_ptr<typename opening::opened> store_;
  std::optional<overlapped_log<Storage>> log_;
  links_type links_;
  snapshot_wish::shared wish_;
  std::unique_ptr<node_type> node_;
  client_door<executor_type, replica_state> door_;
  admin<executor_type, replica_state> admin_;

  alarm<executor_type> alarm_;
  boost::asio::posix::basic_stream_descriptor<executor_type> disk_events_;
  replica_phase phase_ = replica_phase::idle;
  error why_;
  error node_stopped_;
  replica_status last_;  // before it ended

  std::uint64_t start_token_ = 0;
  time_ns start_deadline_ = never;
  std::vector<promised> transfers_;
  std::vector<promised> wishes_;
  std::vector<std::uint64_t> stops_;
  time_ns stop_deadline_ = never;

  time_ns held_until_ = never;  // what nobody waits for
  time_ns input_at_ = 0;        // when the input that is being taken arrived
  bool heard_ = false;          // some of it from another node
  ticket taken_then_;           // by the log, when this turn began
  ticket durable_then_;
  std::uint64_t taken_before_ = 0;  // bytes of the log when a snapshot was wanted for them
  time_ns run_at_ = 0;              // while handlers run: when that began
  bool turn_due_ = false;
  bool turn_posted_ = false;
  bool in_turn_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  bool peers_changed_ = false;
  bool short_of_space_ = false;  // of the disk
};

}  // namespace synod::asio

#include <synod/asio/replica_report.hpp>
#include <synod/asio/replica_serving.hpp>
#include <synod/asio/replica_turn.hpp>
