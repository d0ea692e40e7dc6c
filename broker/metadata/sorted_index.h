// SortedIndex: an immutable set of shared values in the order of their keys. Publishing a changed one copies pointers,
// never values, and a lookup is a binary search in one array. Made by merging a batch of changes into an older index.
// A value; may be read by any thread.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace milena::metadata {

// KeyOf()(value) is the key; it must not change while the value is in an index.
template <class T, class KeyOf>
class SortedIndex {
  public:
    using Pointer = std::shared_ptr<const T>;
    using Key = std::decay_t<decltype(KeyOf()(std::declval<const T&>()))>;
    // By key: the new value, or null to remove the one that is there.
    using Changes = std::map<Key, Pointer, std::less<>>;

    size_t size() const { return values_.size(); }
    bool empty() const { return values_.empty(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }

    // The first element whose key is not less than `key`, or end().
    template <class K>
    auto lower_bound(const K& key) const {
        return std::lower_bound(values_.begin(), values_.end(), key,
                                [](const Pointer& value, const K& wanted) { return KeyOf()(*value) < wanted; });
    }

    // Null where there is none. The pointer lives as long as this index or a copy of it.
    template <class K>
    const T* find(const K& key) const {
        const auto at = lower_bound(key);
        return at != values_.end() && KeyOf()(**at) == key ? at->get() : nullptr;
    }
    // As find, but keeps the value alive.
    template <class K>
    Pointer share(const K& key) const {
        const auto at = lower_bound(key);
        return at != values_.end() && KeyOf()(**at) == key ? *at : nullptr;
    }

    SortedIndex merged(const Changes& changes) const {
        SortedIndex result;
        result.values_.reserve(values_.size() + changes.size());
        auto old = values_.begin();
        for (const auto& [key, value] : changes) {
            while (old != values_.end() && KeyOf()(**old) < key) result.values_.push_back(*old++);
            if (old != values_.end() && KeyOf()(**old) == key) ++old;
            if (value) result.values_.push_back(value);
        }
        result.values_.insert(result.values_.end(), old, values_.end());
        return result;
    }

    bool operator==(const SortedIndex& other) const {
        return std::equal(values_.begin(), values_.end(), other.values_.begin(), other.values_.end(),
                          [](const Pointer& a, const Pointer& b) { return a == b || *a == *b; });
    }

  private:
    std::vector<Pointer> values_;  // ascending by key, none null
};

}  // namespace milena::metadata
