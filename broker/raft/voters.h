// VoterSet: who decides on the metadata log, as configured (kraft.version 0) or as the log says (kraft.version 1,
// KIP-853). A value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "wire/records/control_records.h"

namespace milena::raft {

// A replica of the log. Whoever has lost its disk comes back under the same id as another one.
struct ReplicaKey {
    NodeId id = no_node;
    Uuid directory_id;

    auto operator<=>(const ReplicaKey&) const = default;
};

struct VoterEndpoint {
    std::string name;  // of the listener
    std::string host;
    uint16_t port = 0;

    bool operator==(const VoterEndpoint&) const = default;
};

struct Voter {
    NodeId id = no_node;
    Uuid directory_id;  // zero: not known, as with configured voters
    std::vector<VoterEndpoint> endpoints;
    int16_t kraft_version_min = 0;
    int16_t kraft_version_max = 1;

    ReplicaKey key() const { return {id, directory_id}; }
    // Whether that is the replica which is meant: without a directory id, any under this id is.
    bool is(const ReplicaKey& replica) const {
        return id == replica.id && (directory_id.is_zero() || directory_id == replica.directory_id);
    }
    // Where it is reached by those who use this listener, or by its first one; null: nowhere.
    const VoterEndpoint* endpoint(std::string_view listener) const;

    bool operator==(const Voter&) const = default;
};

class VoterSet {
  public:
    VoterSet() = default;
    explicit VoterSet(const std::vector<Voter>& voters);

    bool empty() const { return voters_.empty(); }
    size_t size() const { return voters_.size(); }
    auto begin() const { return voters_.begin(); }
    auto end() const { return voters_.end(); }

    const Voter* find(NodeId id) const;
    // True if this replica may vote: its id is there, with its directory id or without any.
    bool contains(const ReplicaKey& replica) const;
    // One voter more, or described anew; one less.
    VoterSet with(const Voter& voter) const;
    VoterSet without(NodeId id) const;
    // How many must agree.
    size_t majority() const { return voters_.size() / 2 + 1; }

    wire::VotersRecord to_record() const;
    static VoterSet from_record(const wire::VotersRecord& record);

    bool operator==(const VoterSet&) const = default;

  private:
    std::map<NodeId, Voter> voters_;
};

}  // namespace milena::raft
