"""Record batches by hand, right and wrong in every way, and the requests that write them."""

import base64
import struct

CRC32C = [0] * 256
for byte in range(256):
    entry = byte
    for _ in range(8):
        entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)
    CRC32C[byte] = entry


def crc32c(content):
    checksum = 0xFFFFFFFF
    for one in content:
        checksum = CRC32C[(checksum ^ one) & 0xFF] ^ checksum >> 8
    return checksum ^ 0xFFFFFFFF


def varint(number):
    return unsigned_varint(number << 1 ^ number >> 63)


def unsigned_varint(number):
    out = bytearray()
    while number & ~0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def record(delta, value, key=None, time_delta=0):
    body = b"\0" + varint(time_delta) + varint(delta)
    body += varint(-1) if key is None else varint(len(key)) + key
    body += varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(
    payload=None,
    count=1,
    last_delta=None,
    attributes=0,
    magic=2,
    crc=None,
    base_offset=0,
    size=None,
    producer=(-1, -1, -1),
    times=(1, 1),
):
    """A record batch; whatever is not given is right. A producer is its id, epoch and the first sequence number."""
    payload = b"".join(record(index, b"value") for index in range(count)) if payload is None else payload
    checked = (
        struct.pack(">hiqqqhii", attributes, count - 1 if last_delta is None else last_delta, *times, *producer, count)
        + payload
    )
    head = struct.pack(">ibI", 0, magic, crc32c(checked) if crc is None else crc)
    return struct.pack(">qi", base_offset, len(head + checked) if size is None else size) + head + checked


def written(index, content):
    return {"index": index, "records": None if content is None else base64.b64encode(content).decode()}


def produce(*contents, topic, index=0, acks=-1, transactional_id=None, timeout_ms=5000, topic_id=None):
    return {
        "transactionalId": transactional_id,
        "acks": acks,
        "timeoutMs": timeout_ms,
        "topicData": [
            {"name": topic, "topicId": topic_id or topic, "partitionData": [written(index, one) for one in contents]}
        ],
    }
