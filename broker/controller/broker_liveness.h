// Which brokers live and have room, as far as the active controller can know: soft state, lost with it and found again
// within a heartbeat. A broker that is silent for a whole session is to be fenced; a connection of its that was reset
// or refused is evidence and needs no waiting. Owned by the controller's shard; told the time, never asks for it.
//
//     registered or heard ──▶ session of broker.session.timeout.ms ──▶ over: silent() names it
//     connection broke ─────────────────────────────────────────────▶ over
//     this process stood still ─▶ what it could not hear in that time is held against nobody
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "metadata/image.h"

namespace milena::controller {

class BrokerLiveness {
  public:
    explicit BrokerLiveness(Duration session) : session_(session) {}

    // This controller has become the active one. Nobody has been heard by it: everybody gets a full session.
    void begin(const metadata::Image& image, Instant now);
    void set_session(Duration session) { session_ = session; }

    // Both begin a session anew. A registration that the log doesn't have (yet) is no harm.
    void registered(NodeId broker, int64_t broker_epoch, Instant now);
    void heard(NodeId broker, int64_t broker_epoch, Offset metadata_offset, Instant now);
    // Of its directories, as it said last, these have no room for appends.
    void has_full(NodeId broker, std::vector<Uuid> directories);
    bool is_full(const metadata::BrokerImage& broker, const Uuid& directory) const;

    // The session of whoever is there under this id is over.
    void lost(NodeId broker);
    void forget(NodeId broker) { brokers_.erase(broker); }

    // Whether this very registration is known to live: heard from by this controller, within the session.
    bool is_alive(NodeId broker, int64_t broker_epoch, Instant now) const;

    struct Silent {
        NodeId broker = no_node;
        int64_t broker_epoch = -1;
    };
    // The unfenced brokers whose session is over. To be asked about twice a second; a pause of more than pause_max was
    // this process standing still, and moves all sessions on.
    std::vector<Silent> silent(const metadata::Image& image, Instant now);
    static constexpr Duration pause_max = std::chrono::seconds(2);

    // A broker leaves; with this record of the log its leaderships are with others.
    void leaves(NodeId broker, Offset moved_away);
    // Whether all others that are active have seen that record: nobody is sent to the leaving one any more.
    bool is_leave_known(const metadata::Image& image, NodeId broker) const;

  private:
    struct Heard {
        int64_t broker_epoch = -1;
        Instant at;                            // when its session began
        bool is_heard = false;                 // by this controller
        Offset metadata_offset = no_offset;    // that it said it has
        Offset moved_away_offset = no_offset;  // see leaves()
        std::vector<Uuid> full_directories = {};
    };

    Duration session_;
    std::map<NodeId, Heard> brokers_;
    Instant asked_;  // when silent() was asked last
};

}  // namespace milena::controller
