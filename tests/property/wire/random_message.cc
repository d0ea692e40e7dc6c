#include "property/wire/random_message.h"

#include <string>
#include <utility>

namespace milena::wire {

namespace {

// Pieces of text that end between characters, wherever they are cut.
constexpr std::string_view ascii =
    "the quick brown fox jumps over the lazy dog, and so on and on until a length needs two bytes of a varint, which "
    "is "
    "the case from one hundred and twenty-seven bytes on";
constexpr std::string_view umlauts = "größer als über-ähnlich";
constexpr std::string_view emoji = "日本語 🙂";

}  // namespace

std::string_view random_text(Dice& dice) {
    static const std::string long_text(20000, 'x');
    switch (dice.below(8)) {
        case 0: return {};
        case 1: return umlauts;
        case 2: return emoji;
        case 3: return ascii;
        case 4: return dice.one_in(64) ? std::string_view(long_text) : ascii.substr(0, 126 + dice.below(3));
        default: return ascii.substr(dice.below(20), 1 + dice.below(12));
    }
}

Bytes random_bytes(Dice& dice) {
    std::vector<std::byte> content(dice.one_in(8) ? dice.below(3000) : dice.below(40));
    for (std::byte& byte : content) byte = static_cast<std::byte>(dice.next());
    return Bytes::from(std::move(content));
}

}  // namespace milena::wire
