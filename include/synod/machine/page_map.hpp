// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// A sorted map in pages that copies share until one of them writes: copying costs one pointer for
// every page, so a state machine is frozen in microseconds and goes on while its snapshot is
// written. The counts are plain integers: all copies belong to one thread.
template <class Key, class Value>
class page_map {
 public:
  struct item {
    Key key;
    Value value;
  };

  static constexpr std::size_t items_max = 64;  // of a page; then it is split

  page_map() = default;
  page_map(page_map const& other) : pages_(other.pages_), size_(other.size_) {
    for (page* one : pages_) ++one->references;
  }
  page_map(page_map&& other) noexcept
      : pages_(std::move(other.pages_)), size_(std::exchange(other.size_, 0)) {
    other.pages_.clear();
  }
  page_map& operator=(page_map other) noexcept {
    std::swap(pages_, other.pages_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~page_map() {
    for (page* one : pages_) drop(one);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // Where an item is: a page, and a place in it. Good until the map changes.
  struct cursor {
    std::size_t page = 0;
    std::size_t place = 0;
  };

  // The first item whose key is not below `key`.
  [[nodiscard]] cursor lower_bound(auto const& key) const {
    std::size_t low = 0;
    for (std::size_t high = pages_.size(); low < high;) {
      std::size_t const middle = (low + high) / 2;
      if (pages_[middle]->items.back().key < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == pages_.size()) return {low, 0};
    auto const& items = pages_[low]->items;
    std::size_t place = 0;
    for (std::size_t high = items.size(); place < high;) {
      std::size_t const middle = (place + high) / 2;
      if (items[middle].key < key) {
        place = middle + 1;
      } else {
        high = middle;
      }
    }
    return {low, place};
  }
  // Null at the end.
  [[nodiscard]] item const* at(cursor where) const {
    return where.page < pages_.size() ? &pages_[where.page]->items[where.place] : nullptr;
  }
  [[nodiscard]] cursor next(cursor where) const {
    if (++where.place < pages_[where.page]->items.size()) return where;
    return {where.page + 1, 0};
  }

  [[nodiscard]] Value const* find(auto const& key) const {
    item const* const found = at(lower_bound(key));
    return found != nullptr && !(key < found->key) ? &found->value : nullptr;
  }

  // The value of this key, made where there is none, to be written to at once.
  Value& operator[](Key const& key) {
    cursor where = lower_bound(key);
    item const* const found = at(where);
    if (found != nullptr && !(key < found->key)) return own(where.page).items[where.place].value;
    ++size_;
    if (pages_.empty()) {
      pages_.push_back(new page);
    } else if (where.page == pages_.size()) {
      where = {pages_.size() - 1, pages_.back()->items.size()};
    }
    if (pages_[where.page]->items.size() == items_max) where = split(where);
    auto& items = own(where.page).items;
    return items.insert(items.begin() + static_cast<std::ptrdiff_t>(where.place), {key, Value()})
        ->value;
  }

  bool erase(auto const& key) {
    cursor const where = lower_bound(key);
    item const* const found = at(where);
    if (found == nullptr || key < found->key) return false;
    --size_;
    auto const nth = static_cast<std::ptrdiff_t>(where.page);
    if (pages_[where.page]->items.size() == 1) {
      drop(pages_[where.page]);
      pages_.erase(pages_.begin() + nth);
    } else {
      auto& items = own(where.page).items;
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(where.place));
    }
    return true;
  }

 private:
  struct page {
    std::uint32_t references = 1;
    std::vector<item> items;  // never empty, but while the first is on its way
  };

  static void drop(page* one) {
    if (--one->references == 0) delete one;
  }

  page& own(std::size_t at) {
    if (pages_[at]->references > 1) {
      page* const mine = new page{1, pages_[at]->items};
      --pages_[at]->references;
      pages_[at] = mine;
    }
    return *pages_[at];
  }

  // Cuts a full page at the place of an insertion at its end, else in half, so that rising keys
  // fill their pages.
  cursor split(cursor where) {
    page& full = own(where.page);
    std::size_t const cut = where.place == items_max ? items_max : items_max / 2;
    page* const upper = new page;
    upper->items.reserve(items_max);
    for (std::size_t i = cut; i < full.items.size(); ++i) {
      upper->items.push_back(std::move(full.items[i]));
    }
    full.items.erase(full.items.begin() + static_cast<std::ptrdiff_t>(cut), full.items.end());
    pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(where.page + 1), upper);
    return where.place >= cut ? cursor{where.page + 1, where.place - cut} : where;
  }

  std::vector<page*> pages_;
  std::size_t size_ = 0;
};

}  // namespace synod
