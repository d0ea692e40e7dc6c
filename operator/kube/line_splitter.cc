#include "kube/line_splitter.h"

namespace milena::kube {

void LineSplitter::append(std::string_view piece) {
    if (is_overlong_) return;
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    buffer_.append(piece);
}

std::optional<std::string> LineSplitter::next() {
    while (!is_overlong_) {
        const size_t end = buffer_.find('\n', searched_);
        const bool is_whole = end != std::string::npos;
        searched_ = is_whole ? end + 1 : buffer_.size();
        if ((is_whole ? end : buffer_.size()) - begin_ > line_bytes_max_) {
            is_overlong_ = true;
            buffer_.clear();
            begin_ = searched_ = 0;
        } else if (!is_whole) {
            break;
        } else {
            std::string line = buffer_.substr(begin_, end - begin_);
            begin_ = searched_;
            if (line.ends_with('\r')) line.pop_back();
            if (!line.empty()) return line;
        }
    }
    return std::nullopt;
}

}  // namespace milena::kube
