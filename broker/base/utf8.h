// Text from strangers, for those who take nothing but UTF-8 (RFC 3629).
#pragma once

#include <string>
#include <string_view>

namespace milena {

// `text` with U+FFFD in place of each byte that belongs to no character.
std::string to_utf8(std::string_view text);

}  // namespace milena
