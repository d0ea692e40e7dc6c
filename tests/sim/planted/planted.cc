// Which of the planted bugs this run has: the number that PLANTED_BUG says, counted from 1 as bugs.py lists them.
#include <cstdlib>

namespace milena::sim {

extern int planted_bug;

int planted_bug = std::getenv("PLANTED_BUG") == nullptr ? 0 : std::atoi(std::getenv("PLANTED_BUG"));

}  // namespace milena::sim
