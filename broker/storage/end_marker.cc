#include "storage/end_marker.h"

#include "base/big_endian.h"
#include "wire/record.h"

namespace milena::storage {

std::optional<EndTransactionMarker> parse_end_marker(const wire::BatchHeader& header,
                                                     std::span<const std::byte> batch) {
    if (!header.is_control() || !header.has_producer_id() || header.compression() != wire::Codec::none)
        return std::nullopt;
    wire::RecordCursor records(header, wire::records_section(batch));
    const auto record = records.next();
    if (!record.has_value() || !record->has_value()) return std::nullopt;
    const auto& [key, value] = std::pair((*record)->key, (*record)->value);
    if (!key.has_value() || key->size() < 4 || !value.has_value() || value->size() < 6) return std::nullopt;
    const auto type = load_big_endian<int16_t>(key->data() + 2);
    if (type != 0 && type != 1) return std::nullopt;
    return EndTransactionMarker{.is_commit = type == 1,
                                .coordinator_epoch = load_big_endian<int32_t>(value->data() + 2)};
}

}  // namespace milena::storage
