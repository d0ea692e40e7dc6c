#include "metadata/record.h"

#include <type_traits>

#include "base/release.h"
#include "metadata/feature_levels.h"
#include "wire/records/metadata_frame.h"

namespace milena::metadata {

namespace {

// What every reader of this metadata.version knows.
template <class R>
int16_t version_of(int16_t metadata_version) {
    if constexpr (std::is_same_v<R, wire::RegisterBrokerRecord>) {
        if (metadata_version >= metadata_version_cordoned_directories) return 4;
        if (metadata_version >= metadata_version_directories) return 3;
        return metadata_version >= metadata_version_zk_migration ? 2 : 1;
    } else if constexpr (std::is_same_v<R, wire::BrokerRegistrationChangeRecord>) {
        if (metadata_version >= metadata_version_cordoned_directories) return 3;
        return metadata_version >= metadata_version_directories ? 2 : 1;
    } else if constexpr (std::is_same_v<R, wire::PartitionRecord> || std::is_same_v<R, wire::PartitionChangeRecord>) {
        if (metadata_version >= metadata_version_elr) return 2;
        return metadata_version >= metadata_version_directories ? 1 : 0;
    } else {
        return 0;
    }
}

}  // namespace

Bytes encode_record(const Record& record, int16_t metadata_version) {
    return std::visit(
        [&]<class R>(const R& r) { return wire::encode_metadata_record(r, version_of<R>(metadata_version)); }, record);
}

Result<Record, wire::DecodeError> decode_record(const Bytes& value) {
    auto record = wire::decode_metadata_record<Record>(value);
    if (record && std::holds_alternative<wire::FeatureUpdateRecord>(*record) &&
        release.milena_version < milena_version_updates)
        return unexpected(wire::DecodeError{.reason = "unknown type of a metadata record"});
    return record;
}

}  // namespace milena::metadata
