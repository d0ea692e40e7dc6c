// How a record of the metadata log becomes the value of a log record and back. Pure functions.
//
//     unsigned varint frame version (1) │ unsigned varint type │ unsigned varint version │ the record itself
#pragma once

#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/schema.h"

namespace milena::wire {

struct MetadataRecordHeader {
    int16_t type = 0;
    Version version = 0;
};

void write_metadata_record_header(Encoder& to, const MetadataRecordHeader& header);
// Fails the decoder on an unknown frame version.
MetadataRecordHeader read_metadata_record_header(Decoder& from);

template <class Record>
Bytes encode_metadata_record(const Record& record, Version version = Record::api.max) {
    Encoder to(128);
    write_metadata_record_header(to, {.type = Record::api.key, .version = version});
    to.begin(version, Record::api.is_flexible(version));
    write(to, record);
    return std::move(to).finish().joined();
}

// Any of the record types in the variant; another type or version is an error.
template <class... Record>
Bytes encode_metadata_record(const std::variant<Record...>& record) {
    return std::visit([](const auto& alternative) { return encode_metadata_record(alternative); }, record);
}

namespace detail {

template <class Record, class Variant>
bool read_metadata_record(Decoder& from, const MetadataRecordHeader& header, Variant& into) {
    if (header.type != Record::api.key) return false;
    if (Record::api.has(header.version)) {
        from.begin(header.version, Record::api.is_flexible(header.version));
        read(from, into.template emplace<Record>());
    } else {
        from.fail("unknown version of a metadata record");
    }
    return true;
}

template <class... Record>
void read_any_metadata_record(Decoder& from, const MetadataRecordHeader& header, std::variant<Record...>& into) {
    if (!(read_metadata_record<Record>(from, header, into) || ...)) from.fail("unknown type of a metadata record");
}

}  // namespace detail

// `Variant` is a std::variant of the record types that may come.
template <class Variant>
Result<Variant, DecodeError> decode_metadata_record(const Bytes& value) {
    Decoder from(value);
    const MetadataRecordHeader header = read_metadata_record_header(from);
    Variant record;
    if (!from.has_failed()) detail::read_any_metadata_record(from, header, record);
    if (!from.has_failed() && from.left() != 0) from.fail("bytes left over");
    if (from.has_failed()) return unexpected(from.fault());
    return record;
}

}  // namespace milena::wire
