// GroupClient: a consumer that has chosen its partition itself, and commits and fetches its group's offset at whoever
// coordinates the group. It only goes forward, so what must hold is simple: it is told what was committed, or what it
// has tried to commit since.
#pragma once

#include <string>

#include "sim/cluster/clients.h"

namespace milena::sim::cluster {

class GroupClient {
  public:
    GroupClient(ClusterProducer::World world, std::string group) : world_(std::move(world)), group_(std::move(group)) {}

    void start() { turn(); }
    // Commits no more, and asks once more for what is committed; is_idle() says when it knows.
    void stop() { is_stopped_ = true; }
    bool is_idle() const { return knows_end_; }

  private:
    struct Call {
        uint64_t number = 0;
        uint64_t generation = 0;  // of the history, when it was sent
        Offset offset;            // to be committed; or what must have been, at least
    };
    using Ask = std::function<void(SimNode&)>;

    void turn();
    void commit();
    void fetch();
    Call next_call(Offset offset);
    void send(const Call& call, const ClientMetadata::Leader& coordinator, Ask ask);
    bool is_answer(const Call& call);
    void refused(const Call& call, NodeId from, ErrorCode error);
    void told(const Call& call, Offset committed);
    void know(const Call& call, Offset committed);

    ClusterProducer::World world_;
    const std::string group_;
    Offset tried_ = no_offset;      // the furthest one
    Offset committed_ = no_offset;  // at least
    uint64_t generation_ = 0;       // of the history, in which that is so
    uint64_t sent_ = 0;
    uint64_t arrived_ = 0;  // the last one: as on a connection, none comes after a later one
    Instant sent_at_;
    bool is_waiting_ = false;
    bool is_stopped_ = false;
    bool knows_end_ = false;
};

}  // namespace milena::sim::cluster
