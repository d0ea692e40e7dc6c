"""A proxy between clients and a broker that loses answers: what was asked for is done when the connection ends."""

import asyncio
import struct
import threading

from harness import wire


class LossyProxy:
    """Passes whole frames on. Of the produce requests every `every`-th is carried out by the broker, and instead of its
    answer the client sees the end of its connection, until `cuts_max` answers are lost. The broker must advertise the
    proxy's address, or its clients go around it."""

    def __init__(self, broker_port, every, cuts_max):
        self.broker_port = broker_port
        self.every = every
        self.cuts_max = cuts_max
        self.cuts = 0
        self.produced = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = None

    def listen(self, port):
        start = asyncio.start_server(self._serve, "127.0.0.1", port)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result(10)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def _serve(self, reader, writer):
        below, above = await asyncio.open_connection("127.0.0.1", self.broker_port)
        lost = set()  # correlation ids whose answers the client never gets
        tasks = [asyncio.ensure_future(one) for one in
                 (self._requests(reader, above, lost), self._answers(below, writer, lost))]  # fmt: skip
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in (writer, above):
            end.close()

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
