"""TCP links that can be cut, slowed and silenced, between honest parts."""

import asyncio
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass

# What a link does with what it is given.
PASS, HOLE, DELAY, SLOW = "pass", "hole", "delay", "slow"
LATE = "late"  # only what comes down is delayed
CHUNK = 4096


class Loop:
    """One event loop in a thread of its own carries all links of a run."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        self.thread.start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine,
                                                self.loop).result(30)

    @staticmethod
    async def cancel_all():
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self):
        self.call(self.cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@dataclass
class Request:
    """What a client sent at once, and whether it had an answer."""
    began: float
    body: bytes
    answered: bool


class Connection:
    """Both directions of one client; pending: bytes that went up since the
    last ones came down."""

    def __init__(self, client, server, requests):
        self.client = client
        self.server = server
        self.requests = requests  # or None
        self.pending = bytearray()
        self.began = 0.0
        self.answered = False

    def finish(self, answered):
        """Nothing more belongs to what went up."""
        if self.requests is not None and self.pending:
            self.requests.append(Request(self.began, bytes(self.pending),
                                         answered))
        self.pending.clear()
        self.answered = False

    def went_up(self, data):
        if self.answered:
            self.finish(True)
        if not self.pending:
            self.began = time.monotonic()
        self.pending += data

    def came_down(self):
        self.answered = True

    def abort(self):
        for writer in (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                # No lingering: the peer gets a reset.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            writer.transport.abort()


class Link:
    """A listener that passes connections on to a port. With keep, remembers
    what was sent, and whether an answer came back."""

    def __init__(self, loop, name, upstream_port, keep=False):
        self.loop = loop
        self.name = name
        self.upstream_port = upstream_port
        self.keep = keep
        self.mode = PASS
        self.delay = 0.0
        self.rate = 0.0
        self.connections = set()
        self.requests = []
        self.reader_dying = False
        self.port = loop.call(self.listen())

    async def listen(self):
        self.changed = asyncio.Condition()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection(
                "127.0.0.1", self.upstream_port)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, up_writer,
                                self.requests if self.keep else None)
        self.connections.add(connection)
        try:
            await asyncio.gather(
                self.pump(reader, up_writer, connection.went_up, False),
                self.pump(up_reader, writer,
                          lambda data: connection.came_down(), True))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.forget(connection)

    def forget(self, connection):
        self.connections.discard(connection)
        connection.finish(connection.answered and not self.reader_dying)
        for writer in (connection.client, connection.server):
            writer.transport.abort()

    async def passing(self):
        async with self.changed:
            await self.changed.wait_for(lambda: self.mode != HOLE)

    async def pump(self, reader, writer, note, down):
        """Reads, holds back as the mode says, writes."""
        queue = asyncio.Queue(64)
        sender = asyncio.ensure_future(self.send(queue, writer, note,
                                                 down))
        clock = self.loop.loop.time
        try:
            while True:
                data = await reader.read(CHUNK)
                if sender.done() or not data:
                    break
                await queue.put((clock(), data))
            await queue.put((clock(), b""))
            await sender
        finally:
            sender.cancel()
        raise ConnectionError  # one end closed: so does the other

    async def send(self, queue, writer, note, down):
        clock = self.loop.loop.time
        while True:
            came, data = await queue.get()
            if self.mode == HOLE:
                await self.passing()
            if self.mode == DELAY or (self.mode == LATE and down):
                await asyncio.sleep(max(0, came + self.delay - clock()))
            if self.mode == SLOW:
                await asyncio.sleep(len(data) / self.rate)
            if not data:
                return
            note(data)
            writer.write(data)
            await writer.drain()

    async def change(self, mode, delay, rate):
        async with self.changed:
            self.mode, self.delay, self.rate = mode, delay, rate
            self.changed.notify_all()

    def set(self, mode, delay=0.0, rate=0.0):
        self.loop.call(self.change(mode, delay, rate))

    async def abort_some(self, chance, seed):
        dice = random.Random(seed)
        doomed = [c for c in self.connections if dice.random() < chance]
        for connection in doomed:
            connection.abort()
        return len(doomed)

    def reset(self, chance=1.0, seed=0):
        """Resets each connection with this chance; how many it hit."""
        return self.loop.call(self.abort_some(chance, seed))

    async def note_reader(self, dying):
        self.reader_dying = dying

    def reader_dies(self):
        """Before the client is killed: what it was answered last may be as
        good as not answered."""
        self.loop.call(self.note_reader(True))

    def reader_is_back(self):
        self.loop.call(self.note_reader(False))

    async def close(self):
        self.server.close()
        for connection in list(self.connections):
            connection.abort()

    def stop(self):
        self.loop.call(self.close())
