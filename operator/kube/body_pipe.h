// What lies between the threads of an HTTP library, which bring a body's bytes, and the one that reads them: bounded,
// so that a reader that is slow holds back the sender, and a body that is too large is refused. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kube/error.h"

namespace milena::kube {

class BodyPipe {
  public:
    explicit BodyPipe(size_t bytes_max) : bytes_max_(bytes_max) {}

    // `wake` is called once, when there is room again; at once, by the caller's own thread, if there is.
    void write(std::string_view bytes, std::function<void()> wake);
    void end();              // as it should
    void fail(Error error);  // cut, canceled; the first one counts
    bool is_over() const;

    // Whatever there is, or waits for it. Nothing: it has ended. timed_out: `patience` has passed.
    Outcome<std::optional<std::string>> read(Milliseconds patience);

  private:
    const size_t bytes_max_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string bytes_;
    std::function<void()> wake_;  // of a writer that waits for room
    bool has_ended_ = false;
    std::optional<Error> error_;
};

}  // namespace milena::kube
