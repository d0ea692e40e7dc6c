#include "kube/body_pipe.h"

#include <utility>

namespace milena::kube {

void BodyPipe::write(std::string_view bytes, std::function<void()> wake) {
    {
        const std::lock_guard lock(mutex_);
        const bool is_wanted = !has_ended_ && !error_;
        if (is_wanted) bytes_.append(bytes);
        if (is_wanted && bytes_.size() > bytes_max_) wake_ = std::exchange(wake, nullptr);
    }
    changed_.notify_all();
    if (wake) wake();
}

void BodyPipe::end() {
    {
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
    }
    changed_.notify_all();
}

void BodyPipe::fail(Error error) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        if (!error_ && !has_ended_) error_ = std::move(error);
        wake = std::exchange(wake_, nullptr);
    }
    changed_.notify_all();
    if (wake) wake();
}

bool BodyPipe::is_over() const {
    const std::lock_guard lock(mutex_);
    return has_ended_ || error_.has_value();
}

Outcome<std::optional<std::string>> BodyPipe::read(Milliseconds patience) {
    std::function<void()> wake;
    std::optional<std::string> bytes;
    {
        std::unique_lock lock(mutex_);
        const auto has_news = [this] { return !bytes_.empty() || has_ended_ || error_.has_value(); };
        if (!changed_.wait_for(lock, patience, has_news))
            return unexpected(
                Error{Reason::timed_out, 0, "nothing came for " + std::to_string(patience.count()) + " ms"});
        if (bytes_.empty() && error_) return unexpected(*error_);
        if (!bytes_.empty()) bytes = std::exchange(bytes_, {});
        wake = std::exchange(wake_, nullptr);
    }
    if (wake) wake();
    return bytes;
}

}  // namespace milena::kube
