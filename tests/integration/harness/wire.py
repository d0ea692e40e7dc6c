"""A little of the protocol over a raw socket: enough to see that a broker serves, and to send it nonsense."""

import socket
import struct

PRODUCE, METADATA, API_VERSIONS = 0, 3, 18


def connect(port, timeout_s=10.0, host="127.0.0.1"):
    link = socket.create_connection((host, port), timeout_s)
    link.settimeout(timeout_s)
    return link


def string(text):
    if text is None:
        return b"\xff\xff"
    return struct.pack(">h", len(text.encode())) + text.encode()


def frame(api, version, body, correlation=7, client="raw"):
    """A request with header v1."""
    message = struct.pack(">hhi", api, version, correlation) + string(client) + body
    return struct.pack(">i", len(message)) + message


def receive_exactly(link, size):
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionError(f"closed after {len(parts)} of {size} bytes")
        parts += part
    return bytes(parts)


def receive(link):
    """One answer: its correlation id and what follows it."""
    (size,) = struct.unpack(">i", receive_exactly(link, 4))
    answer = receive_exactly(link, size)
    return struct.unpack_from(">i", answer)[0], answer[4:]


def call(link, api, version, body, **header):
    link.sendall(frame(api, version, body, **header))
    return receive(link)[1]


def api_versions(port, timeout_s=2.0, host="127.0.0.1"):
    """{api key: (min, max)} as the broker advertises it in ApiVersions v0."""
    with connect(port, timeout_s, host) as link:
        answer = call(link, API_VERSIONS, 0, b"")
    error, count = struct.unpack_from(">hi", answer)
    assert error == 0, error
    rows = (struct.unpack_from(">hhh", answer, 6 + 6 * index) for index in range(count))
    return {key: (low, high) for key, low, high in rows}


def is_closed_by_peer(link, timeout_s=10.0):
    """True when the broker closes the connection without another byte."""
    link.settimeout(timeout_s)
    try:
        return link.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
