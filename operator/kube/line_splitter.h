// Lines out of pieces of bytes, however the network has cut them. Bounded: a line that is too long ends it. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace milena::kube {

class LineSplitter {
  public:
    explicit LineSplitter(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    void append(std::string_view piece);
    std::optional<std::string> next();  // without its end; empty lines are passed over
    // A line was longer than it may be: nothing of the stream can be trusted from there, and no line comes any more.
    bool is_overlong() const { return is_overlong_; }
    size_t size() const { return buffer_.size() - begin_; }

  private:
    const size_t line_bytes_max_;
    std::string buffer_;
    size_t begin_ = 0;     // of what wasn't given out yet
    size_t searched_ = 0;  // before it no line ends that wasn't given out
    bool is_overlong_ = false;
};

}  // namespace milena::kube
