// The records inside a batch: walking a section of uncompressed records. Everything a record claims is checked against
// the bytes that are there; nothing is allocated.
// Pure; records are views into the section and live as long as it.
//
//     ┌────────┬──────┬───────────┬────────┬─────┬─────┬───────┬───────┬─────────┬─ per header ──────────────────┐
//     │ length │attri-│ timestamp │ offset │ key │ key │ value │ value │ headers │ key    │ key │ value  │ value │
//     │        │butes │ delta     │ delta  │ len.│     │ len.  │       │ count   │ length │     │ length │       │
//     └────────┴──────┴───────────┴────────┴─────┴─────┴───────┴───────┴─────────┴────────┴─────┴────────┴───────┘
//              ├─ length counts from here to the end of the record
//
// Attributes is one byte without a meaning yet; all other numbers are zig-zag varints. A length of -1 is null, allowed
// for key, value and header value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/compression.h"
#include "wire/record_batch.h"

namespace milena::wire {

inline constexpr size_t record_bytes_min = 7;  // length, attributes, two deltas, two null lengths, no headers

struct RecordHeader {
    std::string_view key;
    std::optional<std::span<const std::byte>> value;
};

// The headers of one record: views into bytes whose structure the RecordCursor has checked.
class RecordHeaders {
  public:
    class Iterator {
      public:
        using value_type = RecordHeader;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(std::span<const std::byte> rest, int32_t left) : rest_(rest), left_(left) { load(); }

        const RecordHeader& operator*() const { return header_; }
        const RecordHeader* operator->() const { return &header_; }
        Iterator& operator++() {
            --left_;
            load();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return left_ == 0; }

      private:
        void load();

        std::span<const std::byte> rest_;  // behind the current header
        int32_t left_ = 0;                 // the current header included
        RecordHeader header_;
    };

    RecordHeaders() = default;
    RecordHeaders(std::span<const std::byte> bytes, int32_t count) : bytes_(bytes), count_(count) {}

    Iterator begin() const { return {bytes_, count_}; }
    std::default_sentinel_t end() const { return {}; }
    size_t size() const { return static_cast<size_t>(count_); }
    bool empty() const { return count_ == 0; }

  private:
    std::span<const std::byte> bytes_;
    int32_t count_ = 0;
};

struct Record {
    int8_t attributes = 0;
    Timestamp timestamp;
    Offset offset;
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
    RecordHeaders headers;
};

class RecordCursor {
  public:
    // `records` is the whole section of the batch, decompressed.
    RecordCursor(const BatchHeader& header, std::span<const std::byte> records) : header_(header), rest_(records) {}

    // The next record; nothing behind the last one. invalid_record: a malformed record, an offset that isn't above the
    // one before or isn't in the batch, fewer records than the header says, or bytes behind the last one; it stays.
    Result<std::optional<Record>> next();

  private:
    BatchHeader header_;
    std::span<const std::byte> rest_;
    int32_t read_count_ = 0;
    int32_t last_delta_ = -1;
    bool has_failed_ = false;
};

// The records section of a whole batch, as it stands there.
std::span<const std::byte> records_section(std::span<const std::byte> batch);

// The records section of a whole batch, decompressed into `memory` unless it isn't compressed. `memory` is overwritten;
// give the same one again, and it need not grow every time.
Result<std::span<const std::byte>> uncompressed_records(std::span<const std::byte> batch, size_t bytes_max,
                                                        Decompressor& decompressor, std::vector<std::byte>& memory);

}  // namespace milena::wire
