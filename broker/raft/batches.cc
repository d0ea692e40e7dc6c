#include "raft/batches.h"

#include <utility>

#include "wire/compression.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/record.h"
#include "wire/record_batch_builder.h"
#include "wire/records/coordinator_frame.h"

namespace milena::raft {

namespace {

// Of the records of one batch when they are decompressed; Kafka's limit is 8 MiB.
constexpr size_t records_bytes_max = 64 << 20;

wire::BatchOptions batch_options(const BatchPlace& place, bool is_control) {
    wire::BatchOptions options;
    options.base_offset = place.base_offset;
    options.partition_leader_epoch = place.epoch;
    options.is_control = is_control;
    return options;
}

template <class Message>
ControlRecord control_record(ControlType type, const Message& message, wire::Version version) {
    return {type, wire::encode(message, version).joined()};
}

Result<ControlRecord, std::string> parse_control(const wire::Record& record, const Bytes& value) {
    if (!record.key.has_value()) return unexpected(std::string("control record without a key"));
    const auto key = wire::decode_versioned<wire::ControlRecordKey>(Bytes::copy_of(*record.key));
    if (!key) return unexpected(std::string("control record with a malformed key"));
    return ControlRecord{static_cast<ControlType>(key->type), value};
}

}  // namespace

Bytes build_batch(const BatchPlace& place, std::span<const Bytes> values) {
    wire::RecordBatchBuilder builder(batch_options(place, false));
    for (const Bytes& value : values)
        builder.add({.timestamp = place.timestamp, .key = std::nullopt, .value = value.span(), .headers = {}});
    return Bytes::from(builder.build());
}

Bytes build_control_batch(const BatchPlace& place, std::span<const ControlRecord> records) {
    wire::RecordBatchBuilder builder(batch_options(place, true));
    for (const ControlRecord& record : records) {
        const Bytes key = wire::encode_versioned(wire::ControlRecordKey{static_cast<int16_t>(record.type)}, 0);
        builder.add({.timestamp = place.timestamp, .key = key.span(), .value = record.value.span(), .headers = {}});
    }
    return Bytes::from(builder.build());
}

// Version 1, which names directories, is more than Kafka 4.3 writes, or its kafka-dump-log can read.
ControlRecord leader_change_record(NodeId leader, const VoterSet& voters) {
    wire::LeaderChangeMessage message;
    message.leader_id = leader.value;
    for (const auto& [id, voter] : voters) message.voters.push_back({.voter_id = id.value, .voter_directory_id = {}});
    // With a single voter its own vote has decided.
    if (voters.find(leader) != nullptr)
        message.granting_voters.push_back({.voter_id = leader.value, .voter_directory_id = {}});
    return control_record(ControlType::leader_change, message, 0);
}

ControlRecord snapshot_header_record(Timestamp last_timestamp) {
    const wire::SnapshotHeaderRecord message{.version = 0, .last_contained_log_timestamp = last_timestamp.value};
    return control_record(ControlType::snapshot_header, message, 0);
}

ControlRecord snapshot_footer_record() {
    return control_record(ControlType::snapshot_footer, wire::SnapshotFooterRecord{}, 0);
}

ControlRecord kraft_version_record(int16_t kraft_version) {
    const wire::KRaftVersionRecord message{.version = 0, .kraft_version = kraft_version};
    return control_record(ControlType::kraft_version, message, 0);
}

ControlRecord voters_record(const VoterSet& voters) {
    return control_record(ControlType::voters, voters.to_record(), 0);
}

Result<ParsedBatch, std::string> parse_batch(const Bytes& batch) {
    const auto header = wire::parse_batch_header(batch.span());
    if (!header || header->size_bytes() != batch.size()) return unexpected(std::string("malformed batch header"));
    if (!wire::crc_matches(batch.span())) return unexpected(std::string("wrong checksum"));
    wire::Decompressor decompressor;
    std::vector<std::byte> memory;
    const auto section = wire::uncompressed_records(batch.span(), records_bytes_max, decompressor, memory);
    if (!section) return unexpected(std::string("records that can't be decompressed"));
    const Bytes records =
        header->compression() == wire::Codec::none ? Bytes(batch.owner(), *section) : Bytes::copy_of(*section);
    ParsedBatch result{*header, {}, {}};
    wire::RecordCursor cursor(*header, records.span());
    for (;;) {
        const auto record = cursor.next();
        if (!record) return unexpected(std::string("malformed record"));
        if (!record->has_value()) return result;
        const auto& value = (*record)->value;
        const Bytes bytes = value ? Bytes(records.owner(), *value) : Bytes();
        if (!header->is_control()) {
            result.values.push_back(bytes);
            continue;
        }
        ASSIGN_OR_RETURN(auto control, parse_control(**record, bytes));
        result.controls.push_back(std::move(control));
    }
}

}  // namespace milena::raft
