// HTTP as the operator needs it, as an interface: requests with one deadline in all, and streams of lines that hold
// back their sender when nobody reads. Whoever implements it owns its threads; callers block, never longer than they
// said.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kube/error.h"

namespace milena::kube {

struct HttpRequest {
    std::string method = "GET";
    std::string target;  // path and query, encoded
    std::string body{};  // empty: none
    std::string content_type{};
    Milliseconds deadline{30'000};  // of a request in all; of a stream until its headers have come
    // A library may send a request again when its pooled connection turns out to be dead, though the server has done
    // it. For what must not be done twice.
    bool on_new_connection = false;
};

struct HttpAnswer {
    int status = 0;
    std::string body;
    std::optional<Milliseconds> retry_after;
};

// A body line by line. Owned by one thread; cancel() may be called by any.
class HttpStream {
  public:
    virtual ~HttpStream() = default;
    // The next line without its end. Nothing: the body has ended as it should. timed_out: nothing came for `idle`;
    // no_answer: cut, in which case the last line, as it was not complete, is lost.
    virtual Outcome<std::optional<std::string>> next(Milliseconds idle) = 0;
    virtual void cancel() = 0;
};

struct HttpTransport {
    virtual ~HttpTransport() = default;
    // An answer of any status. Only what brought none is an error.
    virtual Outcome<HttpAnswer> call(const HttpRequest& request) = 0;
    // A stream of a 2xx answer. Any other status is the error that its body says.
    virtual Outcome<std::shared_ptr<HttpStream>> stream(const HttpRequest& request) = 0;
};

}  // namespace milena::kube
