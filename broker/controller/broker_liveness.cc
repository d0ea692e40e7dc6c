#include "controller/broker_liveness.h"

#include <algorithm>
#include <utility>

#include "controller/partition_change.h"

namespace milena::controller {

void BrokerLiveness::begin(const metadata::Image& image, Instant now) {
    brokers_.clear();
    for (const auto& [id, broker] : *image.brokers)
        brokers_[id] = {.broker_epoch = broker.epoch, .at = now, .is_heard = false};
    asked_ = now;
}

void BrokerLiveness::registered(NodeId broker, int64_t broker_epoch, Instant now) {
    Heard& known = brokers_[broker];
    // The same process with other addresses is still what it has said of itself.
    if (known.broker_epoch != broker_epoch) known = {.broker_epoch = broker_epoch};
    known.at = now;
    known.is_heard = true;
}

void BrokerLiveness::heard(NodeId broker, int64_t broker_epoch, Offset metadata_offset, Instant now) {
    Heard& known = brokers_[broker];
    // What an older incarnation says late doesn't count.
    if (broker_epoch < known.broker_epoch) return;
    if (broker_epoch > known.broker_epoch) known = {.broker_epoch = broker_epoch, .at = now};
    known.at = now;
    known.is_heard = true;
    known.metadata_offset = std::max(known.metadata_offset, metadata_offset);
}

void BrokerLiveness::has_full(NodeId broker, std::vector<Uuid> directories) {
    const auto known = brokers_.find(broker);
    if (known != brokers_.end()) known->second.full_directories = std::move(directories);
}

bool BrokerLiveness::is_full(const metadata::BrokerImage& broker, const Uuid& directory) const {
    const auto known = brokers_.find(broker.id);
    return known != brokers_.end() && known->second.broker_epoch == broker.epoch &&
           is_among_full(broker, known->second.full_directories, directory);
}

void BrokerLiveness::lost(NodeId broker) {
    const auto known = brokers_.find(broker);
    if (known == brokers_.end()) return;
    known->second.is_heard = false;
    known->second.at = Instant{Duration::min() / 2};
}

bool BrokerLiveness::is_alive(NodeId broker, int64_t broker_epoch, Instant now) const {
    const auto known = brokers_.find(broker);
    return known != brokers_.end() && known->second.is_heard && known->second.broker_epoch == broker_epoch &&
           now - known->second.at < session_;
}

std::vector<BrokerLiveness::Silent> BrokerLiveness::silent(const metadata::Image& image, Instant now) {
    const Duration pause = now - asked_;
    asked_ = now;
    if (pause > pause_max) {
        for (auto& [id, known] : brokers_) known.at = std::min(known.at + pause, now);
    }
    std::vector<Silent> result;
    for (const auto& [id, broker] : *image.brokers) {
        if (broker.is_fenced) continue;
        const auto known = brokers_.find(id);
        if (known == brokers_.end()) {
            brokers_[id] = {.broker_epoch = broker.epoch, .at = now};
        } else if (now - known->second.at >= session_) {
            result.push_back({id, broker.epoch});
        }
    }
    return result;
}

void BrokerLiveness::leaves(NodeId broker, Offset moved_away) {
    const auto known = brokers_.find(broker);
    if (known != brokers_.end()) known->second.moved_away_offset = moved_away;
}

bool BrokerLiveness::is_leave_known(const metadata::Image& image, NodeId broker) const {
    const auto leaving = brokers_.find(broker);
    if (leaving == brokers_.end()) return true;
    for (const auto& [id, known] : brokers_) {
        const metadata::BrokerImage* other = image.broker(id);
        // Who was never heard may not have to be waited for; the others learn it with their next fetch.
        if (id == broker || other == nullptr || !other->is_active() || !known.is_heard) continue;
        if (known.metadata_offset != no_offset && known.metadata_offset < leaving->second.moved_away_offset)
            return false;
    }
    return true;
}

}  // namespace milena::controller
