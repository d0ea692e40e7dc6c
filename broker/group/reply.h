// How a coordinator answers: by calling what it was handed, once, now or after others have come. An error stands for
// the whole request; the handler knows how its API says so.
#pragma once

#include <functional>

#include "base/result.h"

namespace milena::group {

template <class Response>
using Reply = std::function<void(Result<Response>)>;

}  // namespace milena::group
