#include "await.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>

#include <unistd.h>

#include "base/parse_number.h"

namespace milena {

int await_content(const std::vector<std::string>& arguments) {
    std::string file;
    std::optional<int> seconds = 60;
    for (size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--seconds") {
            seconds = ++i < arguments.size() ? parse_number<int>(arguments[i]) : std::nullopt;
        } else {
            file = arguments[i];
        }
    }
    if (file.empty() || !seconds || *seconds < 0) {
        std::fputs("milena: await needs a file, and --seconds a whole number\n", stderr);
        return 2;
    }
    // The first process of a container has no default actions.
    std::signal(SIGTERM, [](int) { ::_exit(128 + SIGTERM); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(*seconds);
    while (std::ifstream(file).peek() == std::ifstream::traits_type::eof()) {
        if (std::chrono::steady_clock::now() >= end) {
            std::fprintf(stderr, "milena: %s is still empty after %d s\n", file.c_str(), *seconds);
            return 0;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return 0;
}

}  // namespace milena
