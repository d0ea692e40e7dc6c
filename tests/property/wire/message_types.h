// Every message and record that wire/ describes, by name, with what tests do to any of them. One list for the property
// test, for the comparison with Kafka's own classes and for fuzzing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/decoder.h"
#include "wire/schema.h"

namespace milena::wire {

enum class MessageKind : uint8_t { request, response, record };

struct MessageType {
    std::string_view name;  // of the struct: "FetchRequest"
    MessageKind kind = MessageKind::record;
    Api api;

    // A random message, encoded.
    Bytes (*random)(uint64_t seed, Version version) = nullptr;
    // The bytes of a message, decoded and encoded again.
    Result<Bytes, DecodeError> (*recode)(const Bytes& body, Version version) = nullptr;
    // Whether a random message is equal to what comes out of its bytes.
    bool (*survives)(uint64_t seed, Version version) = nullptr;
};

// The parts of the list, each in a unit of its own because each takes its time to compile.
std::vector<MessageType> request_types();
std::vector<MessageType> response_types();
std::vector<MessageType> record_types();

// All of them.
const std::vector<MessageType>& message_types();

}  // namespace milena::wire
