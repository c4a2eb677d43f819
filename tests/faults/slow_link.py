"""An hour of backlog through 32 kbit/s, while fresh samples go on.

What is scaled down: the hour is stamped, not lived through: 400 gatherings, one
each nine seconds of it, are fed at once while the broker is away, each its own
batch, so that the drain takes a minute. backlog_after is 5 s instead of 5 min,
since the batches are seconds old; backlog_rate is 10 a second instead of 20,
because the hour has 400 batches: still more than the link carries. All other
times are the real ones: ack_timeout 30 s, ack_interval 10 s, keepalive.

What must hold: the backlog gets on all the time, nothing is sent twice, and
each fresh sample is in the store 30 s after it was accepted.
"""

import json
import socket
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import link as links

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local.process import (Failure, reserve_ports,  # noqa: E402
                           wait_until)
from local.programs import Agent, Collector  # noqa: E402
from local.servers import InfluxDB, Mosquitto, http  # noqa: E402

RATE = 32_000 / 8  # bytes a second, each way
HOUR_S, EVERY_S, SERIES = 3600, 9, 10
GATHERINGS = HOUR_S // EVERY_S
FRESH_WITHIN_S = 30
LIMIT_S = 90  # from the first byte through the slow link
IDLE_S = 20  # so long the backlog may stand still: two ack_intervals


class Feed:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(path))
        self.answers = self.sock.makefile("r")

    def send(self, lines):
        self.sock.sendall(("\n".join(lines) + "\n\n").encode())
        answer = self.answers.readline()
        if f"accepted={len(lines)}" not in answer:
            raise Failure(f"the collector answered {answer!r}")


class Town:
    def __init__(self, folder):
        self.loop = links.Loop()
        self.broker = Mosquitto(folder)
        self.store = InfluxDB(folder)
        self.link = links.Link(self.loop, "collector", self.broker.port)
        self.agent = Agent(folder, self.broker.url, [],
                           [self.store.agent_config()])
        self.collector = Collector(
            folder, f"mqtt://127.0.0.1:{self.link.port}",
            ['{ type = "internal"; interval = "10s"; }'],
            extra='publish = { backlog_after = "5s"; backlog_rate = 10; };')
        self.parts = [self.broker, self.store, self.agent, self.collector]

    def start(self):
        for part in self.parts:
            part.start()

    def stop(self):
        for part in reversed(self.parts):
            part.process.stop()
        self.link.stop()
        self.loop.stop()

    def query(self, text):
        """The rows of the first series."""
        query = urllib.parse.urlencode({"db": "gong", "q": text})
        _, body = http("GET", f"{self.store.url}/query?{query}")
        series = json.loads(body)["results"][0].get("series", [])
        return series[0]["values"] if series else []

    def connections(self):
        log = self.collector.process.log_path.read_text()
        return log.count("event=mqtt_connected")

    def backlog(self):
        rows = self.query("SELECT count(v) FROM hour")
        return rows[0][1] if rows else 0

    def fresh(self):
        return {row[1] for row in self.query("SELECT n FROM fresh")}


def feed_an_hour(feed):
    end = time.time_ns()
    for i in range(GATHERINGS):
        stamp = end - (HOUR_S - i * EVERY_S) * 1_000_000_000
        feed.send([f"hour,s={k} v={(i * 7 + k) % 100} {stamp}"
                   for k in range(SERIES)])


class Watch:
    """What came through, and how late."""

    def __init__(self, town, feed):
        self.town = town
        self.feed = feed
        self.accepted = {}  # number: when
        self.arrived = {}
        self.backlog = 0
        self.moved = self.began = time.monotonic()
        self.longest_still = 0.0

    def accept_one(self):
        number = len(self.accepted)
        self.feed.send([f"fresh n={number}i {time.time_ns()}"])
        self.accepted[number] = time.monotonic()

    def look(self):
        now = time.monotonic()
        for number in self.town.fresh():
            self.arrived.setdefault(int(number), now)
        count = self.town.backlog()
        if count > self.backlog or count == GATHERINGS * SERIES:
            self.backlog, self.moved = count, now
        self.longest_still = max(self.longest_still, now - self.moved)

    def late(self):
        now = time.monotonic()
        return [number for number, when in self.accepted.items()
                if self.arrived.get(number, now) - when > FRESH_WITHIN_S]

    def drain(self):
        """A fresh sample each second until the hour is through."""
        while self.backlog < GATHERINGS * SERIES:
            self.accept_one()
            self.look()
            if time.monotonic() - self.began > LIMIT_S:
                raise Failure(f"after {LIMIT_S} s {self.backlog} of "
                              f"{GATHERINGS * SERIES} old samples are there")
            if self.late():
                raise Failure(f"fresh samples {self.late()} are not there "
                              f"after {FRESH_WITHIN_S} s; {self.backlog} old "
                              "ones are")
            time.sleep(1)

    def last_ones(self):
        wait_until(lambda: self.look() or len(self.arrived)
                   == len(self.accepted), FRESH_WITHIN_S, "the last fresh")


def judge(town, watch):
    problems = []
    log = town.collector.process.log_path.read_text()
    if "event=backlog_begins" not in log:
        problems.append("nothing went as backlog: the test shows nothing")
    if watch.longest_still > IDLE_S:
        problems.append(f"the backlog stood still for {watch.longest_still:.0f}"
                        " s")
    if watch.late():
        problems.append(f"fresh samples came late: {watch.late()}")
    doubles = [value for name, value in town.agent.metrics().items()
               if name.startswith("gong_agent_messages_total")
               and 'result="duplicate"' in name]
    if doubles != [0]:
        problems.append(f"{doubles} messages came twice")
    delays = sorted(watch.arrived[n] - watch.accepted[n]
                    for n in watch.accepted)
    print(f"old={watch.backlog} fresh={len(watch.accepted)} "
          f"drained_s={watch.moved - watch.began:.0f} "
          f"fresh_median_s={delays[len(delays) // 2]:.1f} "
          f"fresh_longest_s={delays[-1]:.1f} "
          f"longest_still_s={watch.longest_still:.1f} "
          f"duplicates={doubles[0] if doubles else '?':.0f}")
    return problems


def scenario(town):
    town.start()
    wait_until(lambda: town.agent.metrics().get("gong_agent_devices"), 30,
               "the collector's first batch")
    town.broker.process.kill()
    feed = Feed(town.collector.socket)
    feed_an_hour(feed)
    time.sleep(6)
    town.link.set(links.SLOW, rate=RATE)
    town.broker.process.start()
    wait_until(lambda: town.agent.metrics().get("gong_agent_broker_connected"),
               60, "the agent's connection")
    # What is older than backlog_after when it connects is backlog by rights.
    wait_until(lambda: town.connections() >= 2, 60,
               "the collector's connection")
    watch = Watch(town, feed)
    watch.drain()
    watch.last_ones()
    return judge(town, watch)


def main():
    reserve_ports()
    with tempfile.TemporaryDirectory(prefix="gong-slow-") as folder:
        town = Town(folder)
        try:
            problems = scenario(town)
        except Failure as failure:
            problems = [str(failure), town.collector.process.tail(),
                        town.agent.process.tail()]
        finally:
            town.stop()
    if problems:
        print("\n".join(problems))
        sys.exit(1)


if __name__ == "__main__":
    main()
