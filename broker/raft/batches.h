// Batches of the metadata log and of its snapshots, between bytes and values. Control batches carry what only Raft
// looks at: who leads, who votes, where a snapshot begins and ends. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "raft/voters.h"
#include "wire/record_batch.h"
#include "wire/records/control_records.h"

namespace milena::raft {

// The types of control records (KIP-595, KIP-630, KIP-853).
enum class ControlType : int16_t {
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    voters = 6,
};

struct ControlRecord {
    ControlType type;
    Bytes value;
};

struct BatchPlace {
    Offset base_offset{0};
    LeaderEpoch epoch = no_leader_epoch;
    Timestamp timestamp = no_timestamp;
};

Bytes build_batch(const BatchPlace& place, std::span<const Bytes> values);
Bytes build_control_batch(const BatchPlace& place, std::span<const ControlRecord> records);

// The values of control records.
ControlRecord leader_change_record(NodeId leader, const VoterSet& voters);
ControlRecord snapshot_header_record(Timestamp last_timestamp);
ControlRecord snapshot_footer_record();
ControlRecord kraft_version_record(int16_t kraft_version);
ControlRecord voters_record(const VoterSet& voters);

// A batch, taken apart. Values share its memory unless it is compressed. A record without a value has an empty one.
struct ParsedBatch {
    wire::BatchHeader header;
    std::vector<Bytes> values;            // of a batch of records
    std::vector<ControlRecord> controls;  // of a control batch, in order
};

// `batch` holds one whole batch. Checks the checksum and every record; the error says what is wrong.
Result<ParsedBatch, std::string> parse_batch(const Bytes& batch);

}  // namespace milena::raft
