#include "controller/exchange.h"

#include <algorithm>
#include <cmath>

namespace milena::controller {
namespace {

// What is carried is weighed against what is gained, so that of two exchanges that gain alike the lighter one is
// better.
class Best {
  public:
    explicit Best(const ExchangeRules& rules) : rules_(rules) {}

    void consider(const Exchange& exchange, double given, double taken) {
        const double moved = given - taken;
        const double gained = std::min(moved, rules_.gap - moved);
        const double worth = gained - (given + taken) / rules_.copied_per_gained;
        if (gained <= 0 || worth <= 0 || (best_ && worth <= worth_)) return;
        best_ = exchange;
        worth_ = worth;
    }
    const std::optional<Exchange>& result() const { return best_; }

  private:
    const ExchangeRules& rules_;
    std::optional<Exchange> best_;
    double worth_ = 0;
};

}  // namespace

std::optional<Exchange> best_exchange(std::span<const double> give, std::span<const double> take,
                                      const ExchangeRules& rules) {
    Best best(rules);
    for (size_t i = 0; i < give.size(); ++i) {
        if (rules.may_give_alone) best.consider({i, std::nullopt}, give[i], 0);
        if (!rules.may_take || take.empty()) continue;
        // Half the gap is the most that can be gained: its neighbours on both sides come closest.
        const auto above = std::ranges::lower_bound(take, give[i] - rules.gap / 2);
        const auto at = static_cast<size_t>(above - take.begin());
        if (at < take.size()) best.consider({i, at}, give[i], take[at]);
        if (at > 0) best.consider({i, at - 1}, give[i], take[at - 1]);
    }
    return best.result();
}

}  // namespace milena::controller
