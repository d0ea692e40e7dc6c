// A clock that a test turns, and an API server that answers from a script or from a function.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "env/clock.h"
#include "env/random.h"
#include "kube/http.h"

namespace milena::kube {

struct ManualClock final : env::Clock {
    Instant now() override { return at; }
    Timestamp wall() override { return Timestamp(1'796'000'000'000 + at.since_start.count() / 1'000'000); }
    void advance(Duration by) { at = at + by; }

    Instant at{};
};

struct FixedRandom final : env::Random {
    uint64_t next() override { return value; }

    uint64_t value = 0;
};

struct ScriptedTransport final : HttpTransport {
    Outcome<HttpAnswer> call(const HttpRequest& request) override {
        requests.push_back(request);
        return answer(request);
    }
    Outcome<std::shared_ptr<HttpStream>> stream(const HttpRequest&) override {
        return unexpected(Error{Reason::no_answer, 0, "no streams here"});
    }

    std::function<Outcome<HttpAnswer>(const HttpRequest&)> answer;
    std::vector<HttpRequest> requests;
};

}  // namespace milena::kube
