// Two brokers of which one has more than the other: what it is to hand over, alone or for something smaller, so that
// they come as close as they can. Of what the numbers are it knows nothing. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace milena::controller {

struct ExchangeRules {
    double gap = 0;                 // by which they differ, > 0
    bool may_give_alone = true;     // else only for something in return
    bool may_take = true;           // something may come in return
    double copied_per_gained = 10;  // more than so much isn't carried to and fro for what they come closer by
};

struct Exchange {
    size_t given = 0;             // index of what is handed over
    std::optional<size_t> taken;  // and of what comes in return
};

// `give` in any order, `take` from small to large. Nothing where no exchange brings them closer by enough.
std::optional<Exchange> best_exchange(std::span<const double> give, std::span<const double> take,
                                      const ExchangeRules& rules);

}  // namespace milena::controller
