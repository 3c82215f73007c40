// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/prefetch.hpp>
#include <synod/core/short_list.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace synod::asio {

// Memory for operations of a few sizes, kept for the next one: a host with so many operations under
// way allocates no more often than that, however long it runs.
class operation_memory {
 public:
  operation_memory() = default;
  operation_memory(operation_memory const&) = delete;
  operation_memory& operator=(operation_memory const&) = delete;
  ~operation_memory() {
    for (kept& all : free_) {
      while (all.first != nullptr) ::operator delete(std::exchange(all.first, all.first->next));
    }
  }

  // Sizes are constants, and so is what is computed from them where these are inlined.
  [[gnu::always_inline]] void* take(std::size_t bytes) {
    std::size_t const kind = kind_of(bytes);
    if (kind >= kinds) return ::operator new(bytes);
    kept& here = free_[kind];
    if (here.first == nullptr) return ::operator new(smallest << kind);
    --here.count;
    return std::exchange(here.first, here.first->next);
  }
  [[gnu::always_inline]] void give_back(void* one, std::size_t bytes) {
    std::size_t const kind = kind_of(bytes);
    if (kind >= kinds || free_[kind].count >= kept_max) return ::operator delete(one);
    ++free_[kind].count;
    free_[kind].first = ::new (one) unused{free_[kind].first};
  }

 private:
  static constexpr std::size_t smallest = 64;
  static constexpr std::size_t kinds = 6;
  static constexpr std::size_t kept_max = 65'536;

  // What is free is chained through itself.
  struct unused {
    unused* next;
  };
  struct kept {
    unused* first = nullptr;
    std::size_t count = 0;
  };

  static constexpr std::size_t kind_of(std::size_t bytes) {
    return bytes <= smallest ? 0 : static_cast<std::size_t>(std::bit_width((bytes - 1) / smallest));
  }

  std::array<kept, kinds> free_;
};

struct operation;

// What differs with the handler that waits: functions, instead of a class with virtual ones.
struct operation_functions {
  void (*finish)(operation&, operation_memory&, bool call);
  void (*fail)(operation&, error const& why, bool certain);
  void (*look)(operation&, void const* at);  // a read: its result from the machine
};

// Something that somebody waits for, whatever handler he waits with. Kept small: thousands of them
// are looked at between two looks at the same one.
struct operation {
  operation_functions const* functions;
  operation* next = nullptr;  // of those that have ended
  std::uint64_t token = 0;
  time_ns began = 0;
  bool harmless = true;  // if it ends early it has done nothing

  explicit operation(operation_functions const& of) : functions(&of) {}
};

// As whoever completes it knows it.
template <class R>
struct operation_for : operation {
  using operation::operation;
  std::optional<outcome<R>> result;
};

// Of an operation that is no read.
struct no_query {};

// Waits for an outcome<R>, and then calls the handler where the handler wants to be called. A read
// keeps its query until the machine may be looked at: Query::look(Machine const&) gives the R.
template <class R, class Handler, class Executor, class Query = no_query>
class waiting_operation : private operation_for<R> {
 public:
  static operation& make(operation_memory& memory, Handler&& handler, Executor const& host,
                         Query query = {}) {
    void* const room = memory.take(sizeof(waiting_operation));
    return *new (room) waiting_operation(std::move(handler), host, std::move(query));
  }

 private:
  using handlers_executor = boost::asio::associated_executor_t<Handler, Executor>;
  // Handlers of the host's own executor are called from its loop, which goes on for as long as the
  // host does; any other executor has to be told that there is still work to come.
  static constexpr bool at_home = std::is_same_v<handlers_executor, Executor>;
  template <class Found>
  static auto keep(Found const& found) {
    if constexpr (at_home) {
      return found;
    } else {
      return boost::asio::prefer(found, boost::asio::execution::outstanding_work.tracked);
    }
  }
  using kept_executor = decltype(keep(std::declval<handlers_executor const&>()));

  waiting_operation(Handler&& handler, Executor const& host, Query&& query)
      : operation_for<R>(functions),
        executor_(keep(boost::asio::get_associated_executor(handler, host))), host_(host),
        handler_(std::move(handler)), query_(std::move(query)) {}

  static void finish(operation& which, operation_memory& memory, bool call) {
    auto* const self = &static_cast<waiting_operation&>(which);
    // All is taken out before the handler runs: it may begin the next operation in this memory, or
    // end the host.
    Handler handler(std::move(self->handler_));
    std::optional<outcome<R>> result(std::move(self->result));
    kept_executor const executor(std::move(self->executor_));
    Executor const host(self->host_);
    self->~waiting_operation();
    memory.give_back(self, sizeof(waiting_operation));
    boost::asio::get_associated_cancellation_slot(handler).clear();
    if (!call || !result.has_value()) return;
    if constexpr (at_home) {
      if (executor == host) return std::move(handler)(*std::move(result));
    }
    boost::asio::dispatch(executor, completion{std::move(handler), *std::move(result)});
  }
  static void fail(operation& which, error const& why, bool certain) {
    auto& result = static_cast<waiting_operation&>(which).result;
    if (certain) {
      result.emplace(refusal{why, {}});
    } else {
      result.emplace(unknown_fate{why});
    }
  }

  static void look(operation& which, void const* at) {
    if constexpr (!std::is_same_v<Query, no_query>) {
      auto& self = static_cast<waiting_operation&>(which);
      auto const& state = *static_cast<typename Query::machine const*>(at);
      self.result.emplace(self.query_.look(state));
    }
  }
  static constexpr operation_functions functions{&finish, &fail, &look};

  struct completion {
    Handler handler;
    outcome<R> result;
    void operator()() { std::move(handler)(std::move(result)); }
  };

  kept_executor executor_;
  Executor host_;
  Handler handler_;
  [[no_unique_address]] Query query_;
};

// The operations under way at one host, each known by a token that is never used again. Whatever
// ends waits until `run`, so that no handler runs in the middle of anything.
class operation_book {
 public:
  // Effects: takes the operation over. Returns its token.
  SYNOD_ALWAYS_INLINE std::uint64_t add(operation& one, time_ns now) {
    if (free_ == none) {
      free_ = static_cast<std::uint32_t>(places_.size());
      places_.grow();
    }
    std::uint32_t const at = free_;
    place& here = places_[at];
    free_ = here.next_free;
    here.what = &one;
    one.token = std::uint64_t{here.uses} << 32 | at;
    one.began = now;
    ++size_;
    return one.token;
  }
  // Null once it has ended.
  [[nodiscard]] operation* find(std::uint64_t token) const {
    auto const at = static_cast<std::uint32_t>(token);
    if (at >= places_.size()) return nullptr;
    place const& here = places_[at];
    return here.uses == token >> 32 ? here.what : nullptr;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  // It is about to end.
  void expect(std::uint64_t token) const {
    if (operation const* const one = find(token)) prefetch(one, usual_bytes);
  }

  // Effects: it ends with that result, if it has not ended before. Returns it, or null.
  // Requires: whoever began it waits for an outcome of this very R.
  template <class R>
  operation* complete(std::uint64_t token, outcome<R>&& result) {
    operation* const one = take(token);
    if (one == nullptr) return nullptr;
    static_cast<operation_for<R>*>(one)->result.emplace(std::move(result));
    end(*one);
    return one;
  }
  // Effects: a read ends with what it finds there. Requires: it is one.
  template <class Machine>
  operation* look(std::uint64_t token, Machine const& at) {
    operation* const one = take(token);
    if (one == nullptr) return nullptr;
    one->functions->look(*one, &at);
    end(*one);
    return one;
  }
  // Effects: it ends without a result: refused if it was harmless, else nobody can tell.
  bool fail(std::uint64_t token, error const& why) {
    operation* const one = take(token);
    if (one == nullptr) return false;
    one->functions->fail(*one, why, one->harmless);
    end(*one);
    return true;
  }
  // Effects: it ends without a result and without having done anything.
  void refuse(std::uint64_t token, error const& why) {
    operation* const one = take(token);
    if (one == nullptr) return;
    one->functions->fail(*one, why, true);
    end(*one);
  }
  void fail_all(error const& why) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].what != nullptr) fail(places_[i].what->token, why);
    }
  }

  [[nodiscard]] bool wants_run() const { return first_ != nullptr; }
  // How many of those are best called before what they begin leaves: no more than three quarters of
  // all that is here, so that there are two parts of which one travels while the other is worked
  // on, instead of one for which everybody waits in turn. Of a few, all: each part costs a write.
  [[nodiscard]] std::size_t wanted_now() const {
    std::size_t const all = ended_ + size_;
    return all < 32 ? ended_ : std::min(ended_, (all * 3 + 3) / 4);
  }
  // Effects: calls the handlers of what has ended, the first so many of them, in the order in which
  // they ended; what ends meanwhile waits for the next time.
  // Requires: the book and the memory outlive the call, although a handler may end their host.
  void run(operation_memory& memory, std::size_t most = SIZE_MAX) {
    // A handler may run the loop itself, and so others after it, or drop them all.
    for (std::size_t left = std::min(most, ended_); left > 0 && first_ != nullptr; --left) {
      operation* const one = first_;
      first_ = one->next;
      --ended_;
      one->functions->finish(*one, memory, true);
    }
  }
  // Effects: forgets all handlers without calling them.
  void drop_all(operation_memory& memory) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      operation* const gone = std::exchange(places_[i].what, nullptr);
      if (gone != nullptr) gone->functions->finish(*gone, memory, false);
    }
    ended_ = 0;
    for (operation* one = std::exchange(first_, nullptr); one != nullptr;) {
      operation* const gone = std::exchange(one, one->next);
      gone->functions->finish(*gone, memory, false);
    }
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t usual_bytes = 256;
  struct place {
    operation* what = nullptr;
    std::uint32_t uses = 1;
    std::uint32_t next_free = none;
  };

  void end(operation& one) {
    one.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &one;
    last_ = &one;
    ++ended_;
  }
  operation* take(std::uint64_t token) {
    operation* const one = find(token);
    if (one == nullptr) return nullptr;
    auto const at = static_cast<std::uint32_t>(token);
    places_[at].what = nullptr;
    ++places_[at].uses;
    places_[at].next_free = std::exchange(free_, at);
    --size_;
    return one;
  }

  operation* first_ = nullptr;  // of those that have ended
  operation* last_ = nullptr;   // where there is a first
  std::size_t ended_ = 0;
  std::size_t size_ = 0;
  std::uint32_t free_ = none;  // the first of a chain
  short_list<place> places_;
};

}  // namespace synod::asio
