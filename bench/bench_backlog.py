"""Memory of the agent and of the collector while they drain a backlog.

    GONG_PRESET=release python3 bench/bench_backlog.py [agent] [collector]

agent: a store was away until the journal held GONG_BENCH_MB undelivered (2048
by default); then it takes everything. collector: so much is in the spool
before its broker is there; then broker and agent take it. Idle is what the
program holds when it runs with nothing to deliver; what counts is its own
memory (RssAnon), not pages of files, which the kernel takes back when it likes.
"""

import os
import socket
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

os.environ.setdefault("GONG_PRESET", "release")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy"))

import subprocess  # noqa: E402

from local.process import Failure, free_port, wait_until  # noqa: E402
from local.programs import BIN, Agent, Collector  # noqa: E402
from local.servers import Mosquitto  # noqa: E402

BACKLOG_MB = int(os.environ.get("GONG_BENCH_MB", "2048"))
BARS_MB = {"agent": 64, "collector": 8}
LOAD = BIN.parent / "bench" / "bench_load"
DEVICES = 200
LONGEST_S = 1200
RULES = """
group = "bench";
rules = ( { alert = "R"; expr = "lamp_temp > 80"; } );
"""


class Store:
    """Takes whatever it is sent; away until start."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.bytes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.bytes += len(self.rfile.read(
                    int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.handler = Handler
        self.server = None

    def start(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port),
                                          self.handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()


def memory_mb(process, what="RssAnon"):
    text = Path(f"/proc/{process.child.pid}/status").read_text()
    return int(text.split(what + ":")[1].split()[0]) / 1024


class Watch:
    """The most that a process held since it was told to look."""

    def __init__(self, process):
        self.process = process
        self.peak = 0
        self.ended = False
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.ended:
            try:
                self.peak = max(self.peak, memory_mb(self.process))
            except (OSError, IndexError):
                pass
            time.sleep(0.02)

    def stop(self):
        self.ended = True
        self.thread.join()
        return self.peak


def report(program, idle, filled, peak, seconds, hwm):
    above, bar = peak - idle, BARS_MB[program]
    print(f"{program}: idle {idle:.1f} MB, with {BACKLOG_MB} MB waiting "
          f"{filled:.1f} MB, at most {peak:.1f} MB while draining "
          f"({seconds:.0f} s)\n  {above:.1f} MB above idle, {above / bar:.2f} "
          f"of the bar of {bar} MB (with file pages at most {hwm:.0f} MB)",
          flush=True)
    return above <= bar


def agent(folder):
    (folder / "bench.rules").write_text(RULES)
    broker, store = Mosquitto(folder).start(), Store()
    config = (f'{{ type = "victoriametrics"; url = "{store.url}"; '
              'retry_max = "1s"; }')
    subject = Agent(folder, broker.url, [folder / "bench.rules"], [config],
                    extra="""
journal = { size = "4GiB"; };
ingest = { device_rate = 1000000.0; device_burst = 1000000.0; };
""").start()
    try:
        def load(first, rounds):
            subprocess.run([LOAD, broker.url, str(DEVICES), str(first),
                            str(rounds), "0"], check=True,
                           stdout=subprocess.DEVNULL)

        def end():
            return subject.metrics().get("gong_agent_journal_end_offset", 0)

        load(0, 2)
        time.sleep(3)
        idle, done = memory_mb(subject.process), 2
        while end() < BACKLOG_MB << 20:
            load(done, 1000)
            done += 1000
            print(f"  journal {end() / 1e6:.0f} MB", file=sys.stderr)
        time.sleep(2)
        filled = memory_mb(subject.process)
        watch, began = Watch(subject.process), time.monotonic()
        store.start()
        wait_until(lambda: lag(subject) == 0, LONGEST_S, "the store", 0.2)
        seconds = time.monotonic() - began
        peak = watch.stop()
        print(f"  the store took {store.bytes / 1e6:.0f} MB")
        return report("agent", idle, filled, peak, seconds,
                      memory_mb(subject.process, "VmHWM"))
    finally:
        subject.stop()
        store.stop()
        broker.stop()


def lag(subject):
    """Bytes of the journal that the store has not; -1: not known."""
    metrics = subject.metrics()
    return next((value for name, value in metrics.items()
                 if name.startswith("gong_agent_store_behind_bytes")), -1)


def feed(path, size):
    """Points until so many bytes were sent; returns how many points."""
    sent, points, stamp = 0, 0, time.time_ns() - 10 ** 12
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        threading.Thread(target=swallow, args=(link,), daemon=True).start()
        while sent < size:
            lines = []
            for i in range(500):
                stamp += 1000
                lines.append(f"lamp,id={i % 50} temp=21.5,volt=230.1,power=17 "
                             f"{stamp}\n")
            text = "".join(lines).encode()
            link.sendall(text)
            sent += len(text)
            points += len(lines)
        link.shutdown(socket.SHUT_WR)
        time.sleep(1)
    return points


def swallow(link):
    try:
        while link.recv(65536):
            pass
    except OSError:
        pass


def spooled(folder):
    return sum(path.stat().st_size
               for path in (folder / "gong-collector-spool").glob("*.segment"))


def collector(folder):
    (folder / "bench.rules").write_text(RULES)
    broker = Mosquitto(folder)
    subject = Collector(folder, broker.url, [], extra="""
publish = { backlog_after = "1d"; window = 32; };
""")
    text = subject.config.read_text().replace(
        "spool = { ", 'spool = { size = "4GiB"; ')
    subject.config.write_text(text)
    subject.process.command = subject.process.command[:3]
    subject.start()
    taker = None
    try:
        points = feed(subject.socket, 1 << 16)
        time.sleep(3)
        idle = memory_mb(subject.process)
        points += feed(subject.socket, BACKLOG_MB << 20)
        time.sleep(2)
        filled = memory_mb(subject.process)
        print(f"  spool {spooled(folder) / 1e6:.0f} MB", file=sys.stderr)
        watch, began = Watch(subject.process), time.monotonic()
        broker.start()
        taker = Agent(folder, broker.url, [folder / "bench.rules"], extra="""
ingest = { device_rate = 1000000.0; device_burst = 1000000.0; };
""").start()
        wait_until(lambda: taken(taker) >= points, LONGEST_S, "the agent",
                   1)
        seconds = time.monotonic() - began
        peak = watch.stop()
        return report("collector", idle, filled, peak, seconds,
                      memory_mb(subject.process, "VmHWM"))
    finally:
        subject.stop()
        if taker:
            taker.stop()
        broker.stop()


def taken(taker):
    metrics = taker.metrics()
    points = metrics.get("gong_engine_points_total", 0) \
        + metrics.get("gong_engine_backlog_points_total", 0)
    print(f"  {points / 1e6:.2f} M points taken", file=sys.stderr)
    return points


def main():
    good = True
    for name in sys.argv[1:] or ("agent", "collector"):
        with tempfile.TemporaryDirectory(
                prefix="gong-bench-",
                dir=os.environ.get("GONG_BENCH_DIR")) as folder:
            good &= {"agent": agent, "collector": collector}[name](
                Path(folder))
    sys.exit(0 if good else 1)


try:
    main()
except Failure as failure:
    sys.exit(f"bench_backlog: {failure}")
