// How many requests were sent, by verb (as RBAC names them), kind and status. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace milena::kube {

class RequestCounts {
  public:
    struct Sort {
        std::string verb;
        std::string kind;
        int status = 0;  // of the answer; 0: there was none
        auto operator<=>(const Sort&) const = default;
    };

    void add(const Sort& sort) {
        const std::lock_guard lock(mutex_);
        ++counts_[sort];
    }
    std::map<Sort, uint64_t> all() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

  private:
    mutable std::mutex mutex_;
    std::map<Sort, uint64_t> counts_;
};

}  // namespace milena::kube
