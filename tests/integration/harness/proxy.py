"""A proxy between clients and a broker that loses answers: what was asked for is done when the connection ends."""

import asyncio
import struct

from harness import wire
from harness.relay import Relay


class LossyProxy(Relay):
    """Passes whole frames on. Of the produce requests every `every`-th is carried out by the broker, and instead of its
    answer the client sees the end of its connection, until `cuts_max` answers are lost. The broker must advertise the
    proxy's address, or its clients go around it."""

    def __init__(self, broker_port, every, cuts_max):
        super().__init__(broker_port)
        self.every = every
        self.cuts_max = cuts_max
        self.cuts = 0
        self.produced = 0

    def both_ways(self, reader, writer, below, above):
        lost = set()  # correlation ids whose answers the client never gets
        return self._requests(reader, above, lost), self._answers(below, writer, lost)

    async def _requests(self, reader, above, lost):
        while frame := await read_frame(reader):
            api, _, correlation = struct.unpack_from(">hhi", frame, 4)
            if api == wire.PRODUCE:
                self.produced += 1
                if self.produced % self.every == 0 and self.cuts + len(lost) < self.cuts_max:
                    lost.add(correlation)
            above.write(frame)
            await above.drain()

    async def _answers(self, below, writer, lost):
        while frame := await read_frame(below):
            (correlation,) = struct.unpack_from(">i", frame, 4)
            if correlation in lost:
                self.cuts += 1
                return
            writer.write(frame)
            await writer.drain()


async def read_frame(reader):
    try:
        head = await reader.readexactly(4)
        return head + await reader.readexactly(struct.unpack(">i", head)[0])
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
