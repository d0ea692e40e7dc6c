// Piece: what an answer is made of: memory, or a range of a file that the system sends without our ever reading it
// (sendfile). Passed on like Bytes, from the log to the socket; whoever wants to look inside asks the log for memory.
// Values; may be handed to another thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "base/bytes.h"

namespace milena {

// A file that stays open as long as somebody refers to it. What is referred to must not be changed meanwhile: whoever
// truncates a log that others fetch from must see to that. Any thread.
class RangeSource {
  public:
    virtual ~RangeSource() = default;
    virtual int descriptor() const = 0;
    // Whether these bytes are in memory at this moment, so that sending them waits for no device.
    virtual bool is_cached(uint64_t position, size_t bytes) const = 0;
    // Brings them there. `done` is called on a thread of its own choice, with false if they can't be read.
    virtual void load(uint64_t position, size_t bytes, std::function<void(bool)> done) const = 0;
};

struct FileRange {
    std::shared_ptr<const RangeSource> source;
    uint64_t position = 0;
    size_t bytes = 0;

    bool is_cached() const { return source->is_cached(position, bytes); }
};

class Piece {
  public:
    Piece(Bytes memory) : content_(std::move(memory)) {}
    Piece(FileRange range) : content_(std::move(range)) {}

    size_t size() const { return is_file() ? range().bytes : memory().size(); }
    bool is_file() const { return content_.index() == 1; }
    const Bytes& memory() const { return std::get<Bytes>(content_); }
    const FileRange& range() const { return std::get<FileRange>(content_); }

  private:
    std::variant<Bytes, FileRange> content_;
};

}  // namespace milena
