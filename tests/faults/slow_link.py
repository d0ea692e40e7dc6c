"""Holds up what passes: slow_link.py PORT LEAST MOST. To PORT come connections that the firewall has sent here instead
of where they were going; they go there, and each piece that either side sends arrives so many seconds later, LEAST to
MOST by chance, in order within its connection. Prints a line when it listens. Its own connections have a mark, by which
the firewall lets them pass."""

import asyncio
import pathlib
import random
import socket
import struct
import sys

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from harness.relay import Relay  # noqa: E402

SO_ORIGINAL_DST = 80
MARK = 7


def destination(connection):
    address = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
    port, host = struct.unpack_from(">H4s", address, 2)
    return socket.inet_ntoa(host), port


class SlowLink(Relay):
    def __init__(self, least, most):
        super().__init__(to=None)
        self.least, self.most = least, most

    async def connect(self, writer):
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        to = destination(writer.get_extra_info("socket"))
        await asyncio.get_running_loop().sock_connect(connection, to)
        return await asyncio.open_connection(sock=connection)

    async def _pass_on(self, reader, writer):
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue(maxsize=1000)
        delivering = asyncio.ensure_future(self._deliver(pieces, writer))
        try:
            while data := await reader.read(1 << 16):
                await pieces.put((loop.time() + random.uniform(self.least, self.most), data))
            await pieces.put((loop.time(), b""))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(self, pieces, writer):
        loop = asyncio.get_running_loop()
        while True:
            due, data = await pieces.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                return
            writer.write(data)
            await writer.drain()


def main(port, least, most):
    link = SlowLink(float(least), float(most))
    link.listen(int(port))
    print("listens", flush=True)
    link.thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
