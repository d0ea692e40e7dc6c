// VoterSet: who decides on the metadata log, as configured (kraft.version 0) or as the log says (kraft.version 1,
// KIP-853). A value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "wire/records/control_records.h"

namespace milena::raft {

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
    bool contains(NodeId id, const Uuid& directory_id) const;
    // How many must agree.
    size_t majority() const { return voters_.size() / 2 + 1; }

    wire::VotersRecord to_record() const;
    static VoterSet from_record(const wire::VotersRecord& record);

    bool operator==(const VoterSet&) const = default;

  private:
    std::map<NodeId, Voter> voters_;
};

}  // namespace milena::raft
