// Bytes: a slice of immutable memory together with what keeps that memory alive. The one currency for record data,
// from the socket through the log and its tail cache to the socket again: passed on, never copied.
// A value; may be handed to another thread (the owner's count is atomic).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace milena {

class Bytes {
  public:
    Bytes() = default;
    // `data` must lie in memory that lives as long as `owner`.
    Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> data) : owner_(std::move(owner)), data_(data) {}

    // A fresh copy of `data`.
    static Bytes copy_of(std::span<const std::byte> data) {
        if (data.empty()) return {};
        std::shared_ptr<std::byte[]> memory(new std::byte[data.size()]);
        std::memcpy(memory.get(), data.data(), data.size());
        std::span<const std::byte> view(memory.get(), data.size());
        return Bytes(std::move(memory), view);
    }
    static Bytes copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span(text.data(), text.size()))); }
    // Takes over the vector's memory without copying it.
    static Bytes from(std::vector<std::byte> memory) {
        auto owner = std::make_shared<const std::vector<std::byte>>(std::move(memory));
        std::span<const std::byte> view(*owner);
        return Bytes(std::move(owner), view);
    }

    const std::byte* data() const { return data_.data(); }
    size_t size() const { return data_.size(); }
    bool empty() const { return data_.empty(); }
    std::span<const std::byte> span() const { return data_; }
    std::string_view view() const { return {reinterpret_cast<const char*>(data_.data()), data_.size()}; }
    const std::shared_ptr<const void>& owner() const { return owner_; }

    // The part [from, from + length) with the same owner.
    Bytes slice(size_t from, size_t length) const {
        check(from <= data_.size() && length <= data_.size() - from);
        return Bytes(owner_, data_.subspan(from, length));
    }
    Bytes slice(size_t from) const {
        check(from <= data_.size());
        return slice(from, data_.size() - from);
    }

    // Equal content; the owners may differ.
    bool operator==(const Bytes& other) const {
        return size() == other.size() && (empty() || std::memcmp(data(), other.data(), size()) == 0);
    }

  private:
    std::shared_ptr<const void> owner_;
    std::span<const std::byte> data_;
};

}  // namespace milena
