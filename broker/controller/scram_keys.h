// What the cluster keeps of a SCRAM password (RFC 5802): two keys by which client and server know each other, and from
// which the password can't be had back. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace milena::controller {

// Kafka's numbers (org.apache.kafka.clients.admin.ScramMechanism).
enum class ScramMechanism : int8_t { sha_256 = 1, sha_512 = 2 };

// Nothing for a number that names no mechanism.
std::optional<ScramMechanism> scram_mechanism(int8_t number);

struct ScramKeys {
    Bytes stored_key;
    Bytes server_key;
};

ScramKeys scram_keys(ScramMechanism mechanism, const Bytes& salted_password);

}  // namespace milena::controller
