// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/outcome.hpp>
#include <synod/machine/commands.hpp>
#include <synod/runtime/encode_value.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/session.hpp>
#include <synod/runtime/waiting_commands.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace synod {

// How a node answers: its own callers through the session it has itself, with the result type that
// belongs to each command; the clients of others as bytes. See submissions.hpp for what the user
// must have.
template <class Machine, class Codec, class User>
class command_answers {
 public:
  using command = typename Machine::command;
  using session_type = client_session<command>;
  using departure = typename session_type::departure;

  command_answers(session_options given, node_id self, membership members, generator dice,
                  Codec coder, User& user)
      : self_(self), client_(given, std::move(members), dice), coder_(std::move(coder)),
        user_(&user) {}

  [[nodiscard]] session_type const& client() const { return client_; }
  [[nodiscard]] Codec& coder() { return coder_; }
  [[nodiscard]] bool idle() const { return out_.send.empty() && ended_.empty(); }
  void learn(membership const& members) { client_.learn(members); }

  maybe<error> submit(time_ns now, command&& what, std::uint64_t token, time_ns deadline) {
    local_command const of{token, alternative_of(what)};
    auto const handle = client_.submit(now, std::move(what), deadline, out_);
    if (!handle) return handle.error();
    remember(*handle, of);
    return std::nullopt;
  }
  // Whether nothing has to leave before what `depart` takes: see client_session.
  [[nodiscard]] bool may_depart() const { return out_.send.empty() && client_.may_depart(); }
  SYNOD_ALWAYS_INLINE result<departure> depart(time_ns now, command&& what, std::uint64_t token,
                                               time_ns deadline) {
    local_command const of{token, alternative_of(what)};
    auto const gone = client_.depart(now, std::move(what), deadline, self_);
    if (gone) remember(gone->handle, of);
    return gone;
  }
  void tick(time_ns now) {
    client_.tick(now, out_);
    collect();
  }
  // Attempts that want to leave.
  [[nodiscard]] bool take_requests(list<session_request>& into) {
    if (out_.send.empty()) return false;
    out_.send.swap(into);
    return true;
  }
  // Tells the callers of what ended without a result.
  void deliver() {
    if (ended_.empty()) return;
    ended_.swap(delivered_);
    for (ended_command const& one : delivered_) {
      with_result(one.of.alternative, [&]<class Result>(Result* /*which*/) {
        if (auto const* const no = one.fate.refused()) {
          user_->completed(one.of.token, outcome<Result>(*no));
        } else if (auto const* const unknown = one.fate.unknown()) {
          user_->completed(one.of.token, outcome<Result>(*unknown));
        }
      });
    }
    delivered_.clear();
  }

  // These are going to be applied soon, and whoever asked for them is going to be told.
  void foresee(std::span<command_origin const> runs, waiting_commands const& waiting) {
    if constexpr (requires { user_->foresee_answers(std::span<std::uint64_t const>()); }) {
      foreseen_.clear();
      waiting.foresee(runs, [&](waiting_command const& one) {
        if (one.origin == waiting_command::whose::remote) foreseen_.push_back(one.client);
      });
      user_->foresee_answers(std::span<std::uint64_t const>(foreseen_));
    }
  }
  // Applied just now.
  template <class Result>
  SYNOD_ALWAYS_INLINE void done(time_ns now, waiting_command const& whom, std::uint64_t version,
                                Result const& value) {
    if (whom.origin == waiting_command::whose::local) {
      std::uint64_t const token = local_[session_type::place_of(whom.handle)].token;
      if (finish(now, whom, version)) user_->completed(token, outcome<Result>(value));
    } else if (whom.origin == waiting_command::whose::remote) {
      reply_.clear();
      bool written = true;
      if constexpr (!std::same_as<Result, synod::done>) {
        written = encode_value(coder_, value, reply_);
      }
      auto const kind = written ? session_answer_kind::done : session_answer_kind::forgotten;
      user_->answer(whom.client, whom.asked_at, answer_to(whom, kind, version),
                    std::span<std::byte const>(reply_));
    }
  }
  // Applied before, with this reply.
  void done_before(time_ns now, waiting_command const& whom, std::uint64_t version,
                   std::span<std::byte const> reply) {
    if (whom.origin == waiting_command::whose::remote) {
      auto const yes = answer_to(whom, session_answer_kind::done, version);
      return user_->answer(whom.client, whom.asked_at, yes, reply);
    }
    if (whom.origin != waiting_command::whose::local) return;
    local_command const of = local_[session_type::place_of(whom.handle)];
    assign_bytes(reply_, reply);
    if (!finish(now, whom, version)) return;
    with_result(of.alternative, [&]<class Result>(Result* /*which*/) {
      Result value{};
      bool good = true;
      if constexpr (!std::same_as<Result, synod::done>) {
        good = coder_.decode(std::span<std::byte const>(reply_), value);
      }
      error const lost{error_code::malformed, version, "submit", "read to find out"};
      user_->completed(
          of.token, good ? outcome<Result>(std::move(value)) : outcome<Result>(unknown_fate{lost}));
    });
  }
  // Why it was not, or may not have been, done.
  void tell(time_ns now, waiting_command const& whom, session_answer_kind kind, error_code why,
            leader_hint const& hint) {
    session_answer no = answer_to(whom, kind, 0);
    no.why = {why, whom.key.number.value, "submit", advice_on(why)};
    no.hint = hint;
    if (whom.origin == waiting_command::whose::local) {
      answered(now, self_, no);
    } else if (whom.origin == waiting_command::whose::remote) {
      user_->answer(whom.client, whom.asked_at, no, std::span<std::byte const>());
    }
  }
  // An answer to the session of this node.
  void answered(time_ns now, node_id from, session_answer const& got) {
    client_.answered(now, from, got, out_);
    collect();
  }
  // Of what is no command.
  void answer_remote(std::uint64_t client, session_answer const& what) {
    user_->answer(client, never, what, std::span<std::byte const>());
  }

 private:
  struct local_command {
    std::uint64_t token = 0;
    std::size_t alternative = 0;
  };
  struct ended_command {
    local_command of;
    outcome<std::uint64_t> fate;
  };

  static std::size_t alternative_of(command const& what) {
    if constexpr (has_several_commands<Machine>) {
      return what.index();
    } else {
      return 0;
    }
  }
  void remember(std::uint64_t handle, local_command const& of) {
    std::size_t const place = session_type::place_of(handle);
    if (place >= local_.size()) local_.resize(place + 1);
    local_[place] = of;
  }

  static session_answer answer_to(waiting_command const& whom, session_answer_kind kind,
                                  std::uint64_t version) {
    session_answer made;
    made.kind = kind;
    made.session = whom.key.session;
    made.number = whom.key.number;
    made.attempt = whom.attempt;
    made.handle = whom.handle;
    made.version = version;
    return made;
  }

  // Tells the session; true if the operation was still under way, and so ended with this.
  bool finish(time_ns now, waiting_command const& whom, std::uint64_t version) {
    bool const here = client_.done(now, whom.handle, whom.attempt, whom.key.session,
                                   whom.key.number, version, out_);
    if (!out_.finished.empty()) collect();
    return here;
  }
  // At once, since the place of what finished may be another one's next.
  void collect() {
    for (session_finished& one : out_.finished) {
      ended_.push_back({local_[session_type::place_of(one.handle)], std::move(one.fate)});
    }
    out_.finished.clear();
  }

  // Calls use(null pointer to the result type of that alternative).
  template <class Use>
  static void with_result(std::size_t alternative, Use&& use) {
    if constexpr (has_several_commands<Machine>) {
      with_one(alternative, use, static_cast<command*>(nullptr));
    } else {
      use(static_cast<result_of<Machine, command>*>(nullptr));
    }
  }
  template <class Use, class... Ones>
  static void with_one(std::size_t alternative, Use& use, std::variant<Ones...>* /*which*/) {
    std::size_t at = 0;
    ((at++ == alternative ? use(static_cast<result_of<Machine, Ones>*>(nullptr)) : void()), ...);
  }

  node_id self_;
  session_type client_;
  session_output out_;
  list<local_command> local_;  // by the place of the operation
  list<ended_command> ended_;
  list<ended_command> delivered_;
  list<std::uint64_t> foreseen_;  // clients
  [[no_unique_address]] Codec coder_;
  User* user_;
  std::vector<std::byte> reply_;
};

}  // namespace synod
