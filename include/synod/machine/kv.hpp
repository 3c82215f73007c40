// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/commands.hpp>
#include <synod/machine/page_map.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace synod {

// A store of texts by key, in order of the keys. Every key carries the version of its last write.
// Keys and values are std::string because they are what a user writes and reads; nothing below
// this machine sees them.
class kv {
 public:
  // --- commands. They are classes with constructors since g++ 12 destroys an aggregate too often
  // when it is a temporary of a co_await expression.
  class get {
   public:
    get() = default;
    explicit get(std::string at) : key(std::move(at)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key);
    }
    std::string key;
  };
  class exists {
   public:
    exists() = default;
    explicit exists(std::string at) : key(std::move(at)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key);
    }
    std::string key;
  };
  class put {
   public:
    put() = default;
    put(std::string at, std::string given) : key(std::move(at)), value(std::move(given)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key, value);
    }
    std::string key;
    std::string value;
  };
  class del {
   public:
    del() = default;
    explicit del(std::string at) : key(std::move(at)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key);
    }
    std::string key;
  };
  // Writes if the key still has this version; version 0 is "is not there".
  class cas {
   public:
    cas() = default;
    cas(std::string at, std::uint64_t only_at, std::string given)
        : key(std::move(at)), version(only_at), value(std::move(given)) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key, version, value);
    }
    std::string key;
    std::uint64_t version = 0;
    std::string value;
  };
  // Adds to a decimal number; a key that is not there counts as 0.
  class incr {
   public:
    incr() = default;
    explicit incr(std::string at, std::int64_t amount = 1) : key(std::move(at)), by(amount) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key, by);
    }
    std::string key;
    std::int64_t by = 1;
  };
  // The keys from `first` up to but not including `last`; an empty `last` is "to the end".
  class range {
   public:
    range() = default;
    range(std::string from, std::string upto, std::uint32_t most = 1000)
        : first(std::move(from)), last(std::move(upto)), limit(most) {}
    template <class Archive>
    void serialize(Archive& archive) {
      archive(first, last, limit);
    }
    std::string first;
    std::string last;
    std::uint32_t limit = 1000;
  };
  using command = std::variant<get, exists, put, del, cas, incr, range>;

  // --- results
  struct found {
    std::uint64_t version = 0;  // 0: the key is not there
    std::string value;
    explicit operator bool() const { return version != 0; }
    template <class Archive>
    void serialize(Archive& archive) {
      archive(version, value);
    }
    friend bool operator==(found const&, found const&) = default;
  };
  struct presence {
    std::uint64_t version = 0;  // 0: the key is not there
    explicit operator bool() const { return version != 0; }
    template <class Archive>
    void serialize(Archive& archive) {
      archive(version);
    }
    friend bool operator==(presence const&, presence const&) = default;
  };
  struct written {
    bool changed = false;       // false: the condition did not hold, nothing was written
    std::uint64_t version = 0;  // of the key now; 0: it is not there
    explicit operator bool() const { return changed; }
    template <class Archive>
    void serialize(Archive& archive) {
      archive(changed, version);
    }
    friend bool operator==(written const&, written const&) = default;
  };
  struct number {
    bool changed = false;  // false: the value is no decimal number, or the sum does not fit
    std::int64_t value = 0;
    std::uint64_t version = 0;
    explicit operator bool() const { return changed; }
    template <class Archive>
    void serialize(Archive& archive) {
      archive(changed, value, version);
    }
    friend bool operator==(number const&, number const&) = default;
  };
  struct item {
    std::string key;
    std::string value;
    std::uint64_t version = 0;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(key, value, version);
    }
    friend bool operator==(item const&, item const&) = default;
  };
  struct slice {
    std::vector<item> items;
    bool more = false;  // the limit cut it
    template <class Archive>
    void serialize(Archive& archive) {
      archive(items, more);
    }
    friend bool operator==(slice const&, slice const&) = default;
  };

  // --- the machine
  found apply(get const& one) const;
  presence apply(exists const& one) const;
  slice apply(range const& one) const;
  written apply(put const& one, applied_at const& where);
  written apply(del const& one);
  written apply(cas const& one, applied_at const& where);
  number apply(incr const& one, applied_at const& where);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // --- snapshots, as a stream
  class reader;
  class writer;
  [[nodiscard]] reader freeze() const;
  bool thaw(writer&& from);

 private:
  struct entry {
    std::uint64_t version = 0;
    std::string value;
  };
  using map = page_map<std::string, entry>;

  map entries_;
};

// A frozen state as bytes: for each key u32 length of key, u32 length of value, u64 version, key,
// value, little-endian; at the end a u32 of all ones and the number of keys as u64.
class kv::reader {
 public:
  std::size_t read(std::span<std::byte> into) {
    std::size_t given = 0;
    while (given < into.size()) {
      if (taken_ == pending_.size() && !refill()) break;
      std::size_t const left = pending_.size() - taken_;
      std::size_t const some = left < into.size() - given ? left : into.size() - given;
      pending_.copy(reinterpret_cast<char*>(into.data()) + given, some, taken_);
      given += some;
      taken_ += some;
    }
    return given;
  }

 private:
  friend class kv;
  explicit reader(map frozen) : entries_(std::move(frozen)) {}

  void put_number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) pending_ += static_cast<char>(value >> (8 * i) & 0xff);
  }

  bool refill() {
    pending_.clear();
    taken_ = 0;
    if (ended_) return false;
    if (auto const* one = entries_.at(at_)) {
      put_number(one->key.size(), 4);
      put_number(one->value.value.size(), 4);
      put_number(one->value.version, 8);
      pending_ += one->key;
      pending_ += one->value.value;
      at_ = entries_.next(at_);
    } else {
      put_number(UINT32_MAX, 4);
      put_number(entries_.size(), 8);
      ended_ = true;
    }
    return true;
  }

  map entries_;
  map::cursor at_;
  std::string pending_;
  std::size_t taken_ = 0;
  bool ended_ = false;
};

// Takes what a reader gave, in pieces of any size, and holds at most one entry that is incomplete.
class kv::writer {
 public:
  bool write(std::span<std::byte const> piece) {
    while (!piece.empty()) {
      if (!good_ || complete_) return good_ = false;
      std::size_t const missing = wanted_ - pending_.size();
      std::size_t const some = missing < piece.size() ? missing : piece.size();
      pending_.append(reinterpret_cast<char const*>(piece.data()), some);
      piece = piece.subspan(some);
      if (pending_.size() == wanted_) advance();
    }
    return good_;
  }

 private:
  friend class kv;
  static constexpr std::size_t head = 16;
  static constexpr std::size_t tail = 12;

  [[nodiscard]] std::uint64_t number_at(std::size_t from, unsigned size) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(pending_[from + i])} << (8 * i);
    }
    return value;
  }

  // Knows one more field than before, and so how many bytes are needed next.
  void advance() {
    if (wanted_ == tail && number_at(0, 4) == UINT32_MAX) {
      complete_ = true;
      good_ = number_at(4, 8) == entries_.size();
    } else if (wanted_ == tail) {
      wanted_ = head;
    } else if (!head_read_) {
      head_read_ = true;
      wanted_ = head + static_cast<std::size_t>(number_at(0, 4) + number_at(4, 4));
      if (wanted_ == head) add();
    } else {
      add();
    }
  }

  void add() {
    auto const length = static_cast<std::size_t>(number_at(0, 4));
    std::string key = pending_.substr(head, length);
    entry one{number_at(8, 8), pending_.substr(head + length)};
    // Keys rise, so that a state has one encoding only.
    good_ = one.version != 0 && (entries_.empty() || last_ < key);
    if (good_) {
      entries_[key] = std::move(one);
      last_ = std::move(key);
    }
    pending_.clear();
    wanted_ = tail;
    head_read_ = false;
  }

  map entries_;
  std::string last_;
  std::string pending_;
  std::size_t wanted_ = tail;
  bool head_read_ = false;
  bool complete_ = false;
  bool good_ = true;
};

inline kv::reader kv::freeze() const { return reader(entries_); }

inline bool kv::thaw(writer&& from) {
  if (!from.good_ || !from.complete_) return false;
  entries_ = std::move(from.entries_);
  return true;
}

inline kv::found kv::apply(get const& one) const {
  entry const* const here = entries_.find(one.key);
  return here == nullptr ? found{} : found{here->version, here->value};
}

inline kv::presence kv::apply(exists const& one) const {
  entry const* const here = entries_.find(one.key);
  return {here == nullptr ? 0 : here->version};
}

inline kv::slice kv::apply(range const& one) const {
  slice taken;
  auto at = entries_.lower_bound(one.first);
  for (auto const* here = entries_.at(at); here != nullptr; here = entries_.at(at)) {
    if (!one.last.empty() && here->key >= one.last) break;
    if (taken.items.size() >= one.limit) {
      taken.more = true;
      break;
    }
    taken.items.push_back({here->key, here->value.value, here->value.version});
    at = entries_.next(at);
  }
  return taken;
}

inline kv::written kv::apply(put const& one, applied_at const& where) {
  entries_[one.key] = {where.version(), one.value};
  return {true, where.version()};
}

inline kv::written kv::apply(del const& one) { return {entries_.erase(one.key), 0}; }

inline kv::written kv::apply(cas const& one, applied_at const& where) {
  entry const* const here = entries_.find(one.key);
  std::uint64_t const version = here == nullptr ? 0 : here->version;
  if (version != one.version) return {false, version};
  entries_[one.key] = {where.version(), one.value};
  return {true, where.version()};
}

namespace detail {

// The whole text as a decimal number that fits, or false.
inline bool parse_decimal(std::string const& text, std::int64_t& into) {
  bool const negative = !text.empty() && text[0] == '-';
  std::size_t at = negative ? 1 : 0;
  if (at == text.size() || text.size() - at > 19) return false;
  std::uint64_t value = 0;
  for (; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') return false;
    value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  std::uint64_t const most = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (value > most) return false;
  into = static_cast<std::int64_t>(negative ? 0 - value : value);
  return true;
}

}  // namespace detail

inline kv::number kv::apply(incr const& one, applied_at const& where) {
  entry const* const here = entries_.find(one.key);
  std::int64_t value = 0;
  std::int64_t sum = 0;
  std::uint64_t const version = here == nullptr ? 0 : here->version;
  if (here != nullptr && !detail::parse_decimal(here->value, value)) return {false, 0, version};
  if (__builtin_add_overflow(value, one.by, &sum)) return {false, value, version};
  entries_[one.key] = {where.version(), std::to_string(sum)};
  return {true, sum, where.version()};
}

}  // namespace synod
