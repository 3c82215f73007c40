// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/commands.hpp>

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

namespace synod {

// The log itself as the product: values appended in one order, read in ranges, trimmed at the
// front. Numbers count from 1 and are never reused.
template <class Value>
class append_log {
 public:
  class append {
   public:
    append() = default;
    explicit append(Value given) : value(std::move(given)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(value);
    }
    Value value{};
  };
  class read {
   public:
    read() {}
    read(std::uint64_t first_number, std::uint32_t most) : first(first_number), limit(most) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(first, limit);
    }
    std::uint64_t first = 1;
    std::uint32_t limit = 1000;
  };
  // Forgets everything up to a number.
  class trim {
   public:
    trim() {}
    explicit trim(std::uint64_t number) : upto(number) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(upto);
    }
    std::uint64_t upto = 0;
  };
  using command = std::variant<append, read, trim>;

  struct appended {
    std::uint64_t number = 0;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(number);
    }
    friend bool operator==(appended const&, appended const&) = default;
  };
  struct slice {
    std::uint64_t first = 0;  // the number of the first value here, which may be later than asked
    std::uint64_t last = 0;   // the number of the last value of the log
    std::vector<Value> values;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(first, last, values);
    }
    friend bool operator==(slice const&, slice const&) = default;
  };
  struct trimmed {
    std::uint64_t upto = 0;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(upto);
    }
    friend bool operator==(trimmed const&, trimmed const&) = default;
  };

  appended apply(append const& one) {
    values_.push_back(one.value);
    return {last()};
  }
  slice apply(read const& one) const {
    slice found{one.first > trimmed_ ? one.first : trimmed_ + 1, last(), {}};
    for (std::uint64_t at = found.first; at <= last() && found.values.size() < one.limit; ++at) {
      found.values.push_back(values_[static_cast<std::size_t>(at - trimmed_ - 1)]);
    }
    return found;
  }
  trimmed apply(trim const& one) {
    std::uint64_t const upto = one.upto < last() ? one.upto : last();
    if (upto > trimmed_) {
      values_.erase(values_.begin(),
                    values_.begin() + static_cast<std::ptrdiff_t>(upto - trimmed_));
      trimmed_ = upto;
    }
    return {trimmed_};
  }

  [[nodiscard]] std::uint64_t last() const { return trimmed_ + values_.size(); }
  [[nodiscard]] std::vector<Value> const& values() const { return values_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(trimmed_, values_);
  }

 private:
  std::uint64_t trimmed_ = 0;
  std::vector<Value> values_;
};

}  // namespace synod
