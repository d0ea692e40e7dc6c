#include "wire/records/metadata_frame.h"

namespace milena::wire {

namespace {

constexpr uint32_t frame_version = 1;

int16_t read_small(Decoder& from) {
    const uint32_t value = from.unsigned_varint();
    if (value <= INT16_MAX) return static_cast<int16_t>(value);
    from.fail("number out of range in the frame of a metadata record");
    return 0;
}

}  // namespace

void write_metadata_record_header(Encoder& to, const MetadataRecordHeader& header) {
    to.unsigned_varint(frame_version);
    to.unsigned_varint(static_cast<uint32_t>(header.type));
    to.unsigned_varint(static_cast<uint32_t>(header.version));
}

MetadataRecordHeader read_metadata_record_header(Decoder& from) {
    if (from.unsigned_varint() != frame_version) from.fail("unknown frame version of a metadata record");
    MetadataRecordHeader header;
    header.type = read_small(from);
    header.version = read_small(from);
    return header;
}

}  // namespace milena::wire
