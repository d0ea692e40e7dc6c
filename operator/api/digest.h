// A short name for a text: the same in every process and version, so that it may be stored. Not for secrets.
#pragma once

#include <string>
#include <string_view>

namespace milena::api {

// FNV-1a, 64 bit, as 16 hexadecimal digits.
std::string digest(std::string_view text);

}  // namespace milena::api
