// Lets another program try our codec: it reads questions from standard input and answers on standard output, until the
// input ends. java/Oracle.java asks, and compares with what Kafka's own classes say. All integers are big-endian.
//
//     question   'l'                                                    list the types, a line each
//                'r' │ uint16 type │ int16 version │ int32 size │ bytes  decode and encode again
//                'g' │ uint16 type │ int16 version │ int64 seed          encode a random message
//     answer     int8 success │ int32 size │ bytes, or the reason as text
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "property/wire/message_types.h"

namespace milena::wire {
namespace {

template <class T>
bool read_number(T& value) {
    std::array<std::byte, sizeof(T)> raw;
    if (std::fread(raw.data(), 1, raw.size(), stdin) != raw.size()) return false;
    value = load_big_endian<T>(raw.data());
    return true;
}

void answer(bool success, std::string_view content) {
    std::array<std::byte, 5> head;
    store_big_endian(head.data(), static_cast<int8_t>(success));
    store_big_endian(head.data() + 1, static_cast<int32_t>(content.size()));
    std::fwrite(head.data(), 1, head.size(), stdout);
    std::fwrite(content.data(), 1, content.size(), stdout);
    std::fflush(stdout);
}

// name kind key min max flexible stable
void list_types() {
    std::string text;
    for (const MessageType& type : message_types()) {
        text += type.name;
        for (const int number : {static_cast<int>(type.kind), int{type.api.key}, int{type.api.min}, int{type.api.max},
                                 int{type.api.flexible}, int{type.api.stable}}) {
            text += ' ' + std::to_string(number);
        }
        text += '\n';
    }
    answer(true, text);
}

bool recode(const MessageType& type, Version version) {
    int32_t size = 0;
    if (!read_number(size) || size < 0) return false;
    std::vector<std::byte> body(static_cast<size_t>(size));
    if (std::fread(body.data(), 1, body.size(), stdin) != body.size()) return false;
    const auto again = type.recode(Bytes::from(std::move(body)), version);
    if (again) {
        answer(true, again->view());
    } else {
        answer(false, again.error().reason + (" at byte " + std::to_string(again.error().offset)));
    }
    return true;
}

bool answer_one() {
    const int question = std::getchar();
    if (question == 'l') {
        list_types();
        return true;
    }
    uint16_t index = 0;
    Version version = 0;
    if (question == EOF || !read_number(index) || !read_number(version)) return false;
    if (index >= message_types().size()) return false;
    const MessageType& type = message_types()[index];
    if (question == 'r') return recode(type, version);
    uint64_t seed = 0;
    if (!read_number(seed)) return false;
    answer(true, type.random(seed, version).view());
    return true;
}

}  // namespace
}  // namespace milena::wire

int main() {
    while (milena::wire::answer_one()) {
    }
    return 0;
}
