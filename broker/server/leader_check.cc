#include "server/leader_check.h"

#include <utility>

namespace milena::server {
namespace {

// Of an election that doesn't come to an end: whoever asks must hear something, and so must those whose answers wait
// behind this one on the same connection.
constexpr Duration election_patience = std::chrono::milliseconds(500);

}  // namespace

void LeaderCheck::vouch_for(shard::Shard& home, const std::set<NodeId>& leaders, std::function<void()> done) {
    if (leaders.empty()) return done();
    auto check = std::make_shared<Check>();
    check->missing = leaders.size();
    check->done = [&home, done = std::move(done)] { shard::run_on(home, done); };
    shard::run_on(shards_.first(), [this, leaders, check] {
        for (const NodeId leader : leaders) {
            Asked& asked = asked_[leader];
            asked.next.push_back(check);
            if (asked.asking.empty()) ask(leader);
        }
    });
}

void LeaderCheck::ask(NodeId broker) {
    Asked& asked = asked_[broker];
    asked.asking = std::exchange(asked.next, {});
    ask_(broker, [this, broker](bool is_gone) {
        Asked& answered = asked_[broker];
        const auto checks = std::exchange(answered.asking, {});
        if (!answered.next.empty()) ask(broker);
        for (const auto& check : checks) {
            if (is_gone)
                wait_for_election(broker, check);
            else
                settle(*check);
        }
    });
}

void LeaderCheck::wait_for_election(NodeId gone, const std::shared_ptr<Check>& check) {
    if (!is_active(gone)) return settle(*check);
    auto election = std::make_shared<Election>(Election{gone, check});
    elections_.push_back(election);
    shards_.first().loop().after(election_patience, [this, election] {
        if (std::erase(elections_, election) > 0) settle(*election->check);
    });
}

// A broker that is fenced leads nothing: the same records say both.
bool LeaderCheck::is_active(NodeId broker) const {
    const auto& image = shards_.first().image();
    const metadata::BrokerImage* registered = image == nullptr ? nullptr : image->broker(broker);
    return registered != nullptr && !registered->is_fenced;
}

void LeaderCheck::published() {
    std::vector<std::shared_ptr<Election>> over;
    std::erase_if(elections_, [&](const auto& election) {
        if (is_active(election->gone)) return false;
        over.push_back(election);
        return true;
    });
    for (const auto& election : over) settle(*election->check);
}

void LeaderCheck::settle(Check& check) {
    if (--check.missing == 0) check.done();
}

}  // namespace milena::server
