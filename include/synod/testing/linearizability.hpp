// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/testing/random.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// What one client did to one key. `returned` is `never` where the outcome is unknown: such an
// operation may take effect at any time after it was invoked, or not at all. An operation that was
// refused did nothing and does not belong into a history.
template <class Model>
struct operation {
  std::uint64_t key = 0;
  std::uint32_t client = 0;
  time_ns invoked = 0;
  time_ns returned = never;
  typename Model::input asked{};
  typename Model::output answered{};

  [[nodiscard]] bool unknown() const { return returned == never; }
};

// The sequential behaviour of one key. `step` changes the state as the input demands and says
// whether the output is what the state before it gives; the output is null where it is unknown.
// `matters` may say that an operation of unknown outcome left no trace that any other could have
// seen, which keeps the search small.
template <class T>
concept sequential_model = std::equality_comparable<typename T::state> &&
    requires(typename T::state& now, typename T::input const& asked,
             typename T::output const* answered, std::span<operation<T> const> others) {
  { T::step(now, asked, answered) } -> std::same_as<bool>;
  { T::hash(now) } -> std::same_as<std::uint64_t>;
  { T::matters(asked, others) } -> std::same_as<bool>;
};

enum class history_verdict : std::uint8_t {
  linearizable,
  not_linearizable,
  empty,          // nobody completed anything: the run says nothing, which is an error
  malformed,      // an operation returned before it was invoked
  out_of_budget,  // undecided within the permitted number of steps: an error as well
};

constexpr char const* name_of(history_verdict of) {
  switch (of) {
    case history_verdict::linearizable: return "linearizable";
    case history_verdict::not_linearizable: return "not linearizable";
    case history_verdict::empty: return "empty history";
    case history_verdict::malformed: return "malformed history";
    case history_verdict::out_of_budget: return "undecided: the search was cut off";
  }
  return "unknown verdict";
}

struct history_report {
  history_verdict verdict = history_verdict::linearizable;
  std::uint64_t key = 0;       // the key that decided the verdict
  std::size_t operations = 0;  // of that key
  std::size_t explained = 0;  // the longest run of operations that has an order, where none has all
  std::uint64_t steps = 0;

  [[nodiscard]] bool good() const { return verdict == history_verdict::linearizable; }
};

// Searches one order of the operations of one key that respects real time and the model: depth
// first, with the pairs (operations ordered so far, state) remembered that led nowhere (the
// algorithm of Wing and Gong with the memory that Lowe added). Keep to about eight clients for each
// key and to unique values: the search is fast while few operations overlap.
template <sequential_model Model>
class key_search {
 public:
  using op = operation<Model>;

  explicit key_search(std::vector<op> operations) : operations_(std::move(operations)) {}

  // Returns: linearizable, not_linearizable or out_of_budget.
  history_verdict run(std::uint64_t steps_max) {
    lay_out();
    typename Model::state now{};
    std::uint32_t at = next_[head];
    while (waiting_ != 0) {
      if (is_call(at)) {
        if (++steps_ > steps_max) return history_verdict::out_of_budget;
        op const& candidate = operations_[operation_of(at)];
        typename Model::state after = now;
        bool const possible = Model::step(after, candidate.asked,
                                          candidate.unknown() ? nullptr : &candidate.answered);
        // An operation of unknown outcome that changes nothing need not be ordered at all.
        bool const useful = possible && !(candidate.unknown() && after == now);
        if (useful && remember(operation_of(at), after)) {
          chosen_.push_back({at, std::move(now)});
          now = std::move(after);
          lift(at);
          if (chosen_.size() > longest_) longest_ = chosen_.size();
          at = next_[head];
        } else {
          at = next_[at];
        }
      } else {
        if (chosen_.empty()) return history_verdict::not_linearizable;
        at = chosen_.back().call;
        now = std::move(chosen_.back().before);
        chosen_.pop_back();
        put_back(at);
        at = next_[at];
      }
    }
    return history_verdict::linearizable;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  // Entries of a list in time order: number 0 is its head, operation i is called at 2i + 1 and
  // returns at 2i + 2.
  static constexpr std::uint32_t head = 0;
  static bool is_call(std::uint32_t at) { return at % 2 == 1; }
  static std::size_t operation_of(std::uint32_t at) { return (at - 1) / 2; }

  struct choice {
    std::uint32_t call;
    typename Model::state before;
  };
  struct memory {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    friend bool operator==(memory const&, memory const&) = default;
  };

  void lay_out() {
    struct moment {
      time_ns at;
      std::uint32_t entry;
    };
    std::vector<moment> moments;
    waiting_ = 0;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      auto const call = static_cast<std::uint32_t>(2 * i + 1);
      moments.push_back({operations_[i].invoked, call});
      if (operations_[i].unknown()) continue;
      moments.push_back({operations_[i].returned, call + 1});
      ++waiting_;
    }
    // At one instant calls come first: operations that touch count as overlapping.
    std::sort(moments.begin(), moments.end(), [](moment const& x, moment const& y) {
      if (x.at != y.at) return x.at < y.at;
      if (is_call(x.entry) != is_call(y.entry)) return is_call(x.entry);
      return x.entry < y.entry;
    });
    next_.assign(2 * operations_.size() + 1, head);
    previous_ = next_;
    std::uint32_t last = head;
    for (moment const& one : moments) {
      next_[last] = one.entry;
      previous_[one.entry] = last;
      last = one.entry;
    }
    next_[last] = head;
    previous_[head] = last;
    seen_.assign(1024, {});
    used_ = 0;
  }

  void unlink(std::uint32_t at) {
    next_[previous_[at]] = next_[at];
    previous_[next_[at]] = previous_[at];
  }
  void relink(std::uint32_t at) {
    next_[previous_[at]] = at;
    previous_[next_[at]] = at;
  }
  void lift(std::uint32_t call) {
    flip(operation_of(call));
    unlink(call);
    if (operations_[operation_of(call)].unknown()) return;
    unlink(call + 1);
    --waiting_;
  }
  void put_back(std::uint32_t call) {
    flip(operation_of(call));
    if (!operations_[operation_of(call)].unknown()) {
      relink(call + 1);
      ++waiting_;
    }
    relink(call);
  }

  void flip(std::size_t which) {
    chosen_a_ ^= scramble(2 * which + 1);
    chosen_b_ ^= scramble(~(2 * which + 1));
  }

  // The set of ordered operations enters as 128 bits, so that two different ones are taken for the
  // same with a chance of about 2^-128.
  bool remember(std::size_t added, typename Model::state const& state) {
    std::uint64_t const content = Model::hash(state);
    memory const now{scramble(chosen_a_ ^ scramble(2 * added + 1) ^ scramble(content)) | 1,
                     scramble(chosen_b_ ^ scramble(~(2 * added + 1)) ^ scramble(content + 1))};
    if (used_ * 2 >= seen_.size()) grow();
    memory& place = find(now);
    if (place == now) return false;
    place = now;
    ++used_;
    return true;
  }
  memory& find(memory const& wanted) {
    std::size_t const mask = seen_.size() - 1;
    std::size_t at = static_cast<std::size_t>(wanted.a >> 7) & mask;
    while (seen_[at].a != 0 && !(seen_[at] == wanted)) at = (at + 1) & mask;
    return seen_[at];
  }
  void grow() {
    std::vector<memory> old(seen_.size() * 2);
    old.swap(seen_);
    for (memory const& one : old) {
      if (one.a != 0) find(one) = one;
    }
  }

  std::vector<op> operations_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::size_t waiting_ = 0;
  std::vector<choice> chosen_;
  std::uint64_t chosen_a_ = 0;
  std::uint64_t chosen_b_ = 0;
  std::vector<memory> seen_;
  std::size_t used_ = 0;
  std::uint64_t steps_ = 0;
  std::size_t longest_ = 0;
};

// Says whether there is, for each key, one order of all operations that clients could have seen.
// Keys are independent, so each is searched alone.
template <sequential_model Model>
history_report check_history(std::vector<operation<Model>> history,
                             std::uint64_t steps_max_per_key = 4'000'000) {
  using op = operation<Model>;
  history_report report;
  bool const anybody =
      std::any_of(history.begin(), history.end(), [](op const& one) { return !one.unknown(); });
  if (!anybody) {
    report.verdict = history_verdict::empty;
    return report;
  }
  std::stable_sort(history.begin(), history.end(),
                   [](op const& a, op const& b) { return a.key < b.key; });
  for (auto first = history.begin(); first != history.end();) {
    auto const last =
        std::find_if(first, history.end(), [&](op const& one) { return one.key != first->key; });
    report.key = first->key;
    std::span<op const> const all(first, last);
    std::vector<op> relevant;
    for (op const& one : all) {
      if (one.returned < one.invoked) {
        report.verdict = history_verdict::malformed;
        return report;
      }
      if (!one.unknown() || Model::matters(one.asked, all)) relevant.push_back(one);
    }
    report.operations = relevant.size();
    key_search<Model> search(std::move(relevant));
    report.verdict = search.run(steps_max_per_key);
    report.steps += search.steps();
    report.explained = search.longest();
    if (!report.good()) return report;
    first = last;
  }
  return report;
}

}  // namespace synod::testing
