// Records of control batches, which consumers never see: the type is the key, one of the others the value. They carry
// no version in front; theirs is 0, or a field of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// The key of a control record: 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot footer, 5 KRaft
// version, 6 voters. The int16 version in front of it is 0.
struct ControlRecordKey {
    static constexpr Api api{.max = 0};

    int16_t type = 0;
};

// Ends a transaction in a partition. The int16 version in front of it is 0.
struct EndTxnMarker {
    static constexpr Api api{.max = 0};

    int32_t coordinator_epoch = 0;
};

// The first record of a leader in its epoch.
struct LeaderChangeMessage {
    static constexpr Api api{.max = 1, .flexible = 0};

    struct Voter {
        int32_t voter_id = 0;
        Since<1, Uuid> voter_directory_id;
    };

    int16_t version = 0;
    int32_t leader_id = 0;
    std::vector<Voter> voters;
    std::vector<Voter> granting_voters;
};

// The first record of a snapshot.
struct SnapshotHeaderRecord {
    static constexpr Api api{.max = 0, .flexible = 0};

    int16_t version = 0;
    int64_t last_contained_log_timestamp = 0;
};

// The last record of a snapshot: without it the snapshot is incomplete.
struct SnapshotFooterRecord {
    static constexpr Api api{.max = 0, .flexible = 0};

    int16_t version = 0;
};

// The finalized kraft.version: from 1 on voters are in the log (KIP-853).
struct KRaftVersionRecord {
    static constexpr Api api{.max = 0, .flexible = 0};

    int16_t version = 0;
    int16_t kraft_version = 0;
};

// The set of voters from this record on.
struct VotersRecord {
    static constexpr Api api{.max = 0, .flexible = 0};

    struct Endpoint {
        std::string name;
        std::string host;
        uint16_t port = 0;
    };

    struct KRaftVersionFeature {
        int16_t min_supported_version = 0;
        int16_t max_supported_version = 0;
    };

    struct Voter {
        int32_t voter_id = 0;
        Uuid voter_directory_id;
        std::vector<Endpoint> endpoints;
        KRaftVersionFeature kraft_version_feature;
    };

    int16_t version = 0;
    std::vector<Voter> voters;
};

}  // namespace milena::wire
