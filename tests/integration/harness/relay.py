"""Another address of a port on this machine: connections to it are passed on as long as it is open."""

import asyncio
import threading


class Relay:
    def __init__(self, to):
        self.to = to
        self.connections = 0  # so far
        self.serving = set()
        self.server = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def listen(self, port):
        self.server = self._run(asyncio.start_server(self._serve, "127.0.0.1", port))

    def close(self):
        """Whoever is connected loses its connection, and nobody is there any more."""

        async def end():
            self.server.close()
            for task in self.serving:
                task.cancel()
            await asyncio.gather(*self.serving, return_exceptions=True)

        self._run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _serve(self, reader, writer):
        self.connections += 1
        self.serving.add(asyncio.current_task())
        ends, ways = [writer], []
        try:
            below, above = await self.connect(writer)
            ends.append(above)
            ways = [asyncio.ensure_future(one) for one in self.both_ways(reader, writer, below, above)]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # nobody is there
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in ends:
                end.close()
            self.serving.discard(asyncio.current_task())

    async def connect(self, _writer):
        """To where what this client sends is to go."""
        return await asyncio.open_connection("127.0.0.1", self.to)

    def both_ways(self, reader, writer, below, above):
        """What passes on from the client to the port, and back; the connection ends with either."""
        return self._pass_on(reader, above), self._pass_on(below, writer)

    async def _pass_on(self, reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
