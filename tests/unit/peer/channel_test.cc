#include "peer/channel.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

namespace milena::peer {
namespace {

CallError error_of(const char* unavailable) {
    return call_error_of(grpc::Status(grpc::StatusCode::UNAVAILABLE, unavailable));
}

TEST(Channel, a_connection_that_is_refused_or_broken_is_evidence) {
    EXPECT_EQ(
        error_of("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9: Failed to connect to "
                 "remote host: Connection refused"),
        CallError::unreachable);
    EXPECT_EQ(error_of("Socket closed"), CallError::unreachable);
}

TEST(Channel, an_attempt_that_took_too_long_is_none) {
    EXPECT_EQ(error_of("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9: tcp handshaker "
                       "shutdown"),
              CallError::timed_out);
    EXPECT_EQ(error_of("keepalive watchdog timeout"), CallError::timed_out);
}

}  // namespace
}  // namespace milena::peer
