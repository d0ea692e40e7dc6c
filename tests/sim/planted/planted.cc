// Which of the planted bugs this run has: those whose numbers PLANTED_BUG says, with blanks between them, counted from
// 1 as bugs.py lists them.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <sstream>

namespace milena::sim {
namespace {

std::array<bool, 256> numbers_in_environment() {
    std::array<bool, 256> planted{};
    const char* numbers = std::getenv("PLANTED_BUG");
    std::istringstream text(numbers == nullptr ? "" : numbers);
    for (size_t number = 0; text >> number;) planted.at(number) = true;
    return planted;
}

}  // namespace

bool is_planted(int bug);

bool is_planted(int bug) {
    static const std::array<bool, 256> planted = numbers_in_environment();
    return planted.at(static_cast<size_t>(bug));
}

}  // namespace milena::sim
