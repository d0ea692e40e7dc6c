// A Lease in memory behind HttpTransport, which two elections may share.
#pragma once

#include <nlohmann/json.hpp>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {

struct LeaseServer {
    Outcome<HttpAnswer> answer(const HttpRequest& request) {
        if (is_down) return unexpected(Error{Reason::no_answer, 0, "down"});
        if (request.method == "GET") {
            if (!lease.is_object()) return HttpAnswer{404, R"({"kind":"Status","reason":"NotFound"})", {}};
            return HttpAnswer{200, lease.dump(), {}};
        }
        nlohmann::json wanted = nlohmann::json::parse(request.body);
        const bool is_stale = request.method == "POST"
                                  ? lease.is_object()
                                  : wanted["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"];
        if (is_stale) return HttpAnswer{409, R"({"kind":"Status","reason":"Conflict"})", {}};
        wanted["metadata"]["resourceVersion"] = std::to_string(++version);
        lease = wanted;
        return HttpAnswer{200, lease.dump(), {}};
    }

    nlohmann::json lease;
    int version = 0;
    bool is_down = false;
};

}  // namespace milena::kube
