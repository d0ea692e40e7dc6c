// The version of the program, from CMake's project().
#pragma once

#include <string_view>

namespace milena {

inline constexpr std::string_view version = MILENA_VERSION;

}  // namespace milena
