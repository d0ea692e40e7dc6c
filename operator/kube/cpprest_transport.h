// HttpTransport by cpprestsdk, which is no longer developed and whose every peculiarity ends in this module: what it
// does wrong is written where it is mended, and a test holds it. Any thread may call; the library's own threads never
// wait.
#pragma once

#include <memory>
#include <string>

#include "kube/access.h"
#include "kube/http.h"

namespace milena::kube {

struct TransportLimits {
    size_t body_bytes_max = 64u << 20;  // of an answer
    size_t line_bytes_max = 8u << 20;   // of a stream: an object has 1.5 MB at most
    size_t ahead_bytes_max = 1u << 20;  // of a stream what wasn't read yet
    int failures_until_new_client = 5;  // one after another
};

// A transport has connections of its own: the election's is not the reconcilers'.
std::unique_ptr<HttpTransport> make_cpprest_transport(std::shared_ptr<Access> access, TransportLimits limits = {});

// How many threads the library has for all transports. Once, before the first one is made.
void start_transport_threads(size_t threads);

// The library trusts the system's authorities besides the given one and reads all of them for each connection, 75 ms
// long. From now on it trusts none of them. Changes the environment: before there are threads.
void trust_only_given_authorities();

}  // namespace milena::kube
