"""All parts of a run, and what a fault does to them."""

import json
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import link as links
import segments
from feed import Feeder
from plan import COLLECTORS, RETRY_MAX_S

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local.process import Failure, wait_until  # noqa: E402
from local.programs import PRESET, Agent, Collector, Webhook  # noqa: E402
from local.servers import (STORES, Mosquitto, VictoriaMetrics,  # noqa: E402
                           answers, http)

HERE = ROOT / "tests" / "faults"
SIGNAL_RULES = HERE / "rules.cfg"
RULES = [SIGNAL_RULES, HERE / "rules-grid.cfg", HERE / "rules-presence.cfg"]
SITE = "22015"
LIBRARIES = Path(os.environ.get("GONG_TOOL_DIR",
                                ROOT / "build" / PRESET / "tests"))
# A store that never was there: it holds the whole journal, so that a full disk
# has nothing old to give and all can be replayed at the end.
AWAY = ('{ type = "influxdb1"; name = "away"; url = "http://127.0.0.1:9"; '
        'database = "gong"; retry_min = "1s"; }')
RETRY_MAX = f'retry_max = "{RETRY_MAX_S}s"; '
SLOW_RATE = 32_000 / 8  # bytes a second


class ForgetfulMosquitto(Mosquitto):
    """Keeps nothing over a restart, and little while the agent is away."""

    def __init__(self, folder):
        super().__init__(folder)
        conf = self.folder / "mosquitto.conf"
        text = conf.read_text()
        text = text.replace("persistence true", "persistence false")
        text = text.replace("max_queued_messages 1000000",
                            "max_queued_messages 60")
        text = text.replace("max_inflight_messages 1000",
                            "max_inflight_messages 20")
        conf.write_text(text)


class PlainVictoriaMetrics(VictoriaMetrics):
    """Keeps both copies of what it is sent twice."""

    def __init__(self, folder):
        super().__init__(folder)
        self.process.command = [word for word in self.process.command
                                if not word.startswith("-dedup.")]


class Disk:
    """What the programs' files lie on; see disk_shim.c. It is only asked to
    fail where a program's own folder is."""

    def __init__(self, process, folder):
        self.flag = Path(f"{folder}.disk")
        self.hits = Path(f"{folder}.disk.hits")
        process.env.update(LD_PRELOAD=LIBRARIES / "libdisk_shim.so",
                           GONG_DISK_FOLDER=folder, GONG_DISK_FLAG=self.flag,
                           # The shim calls on to what the sanitizer put there.
                           ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "")
                           + ":verify_asan_link_order=0")

    def fail(self, how):
        """From now on: ENOSPC, EIO or EROFS."""
        self.hits.unlink(missing_ok=True)
        beside = self.flag.with_suffix(".new")
        beside.write_text(how)
        beside.rename(self.flag)

    def refused(self):
        """How many calls failed since."""
        return self.hits.stat().st_size if self.hits.exists() else 0

    def heal(self):
        self.flag.unlink(missing_ok=True)


STORE_KINDS = {**STORES, "victoriametrics-plain": PlainVictoriaMetrics}


# A child dies with the thread that started it, so one that stays starts all.
STARTER = ThreadPoolExecutor(1)


class Part:
    """A process that faults may take away, one at a time."""

    def __init__(self, name, server):
        self.name = name
        self.server = server
        self.lock = threading.Lock()
        self.died = None  # when it was killed last, on the wall clock, ms
        self.deaths = []  # [(begin, end)], likewise
        start = server.process.start
        server.process.start = lambda: STARTER.submit(start).result()

    @property
    def process(self):
        return self.server.process

    def kill(self):
        self.died = time.time_ns() // 1_000_000
        self.process.kill()

    def start(self):
        """The first time, when others wait for it."""
        self.server.start()

    def again(self):
        """Waits for nothing: what it needs may be away too."""
        self.before_start()
        self.deaths.append((self.died, time.time_ns() // 1_000_000))
        self.process.start()

    def before_start(self):
        """Town puts something here."""


class Damage:
    """What lay in records that were damaged at rest."""

    def __init__(self, name, device, how, records, end):
        """end: of the log as it was then."""
        self.name = name
        self.how = how
        self.offsets = [record.offset for record in records]
        self.begin, self.end = min(self.offsets), end
        self.when = time.monotonic()  # as the links count
        self.samples = set()
        self.numbers = {}  # (device, number): samples
        for record in records:
            who = record.device or device
            samples = {(who, *sample[:2]) for sample in
                       map(segments.sample_of, record.lines()) if sample}
            self.samples |= samples
            if record.number:
                self.numbers[who, record.number] = len(samples)


class Town:
    """Collectors, broker, agent, store, links, webhook and feeders."""

    def __init__(self, folder, store, seed, form, remember=True):
        """remember: what is needed to judge in the end; else the run may take
        as long as it likes."""
        dice = random.Random(f"town {seed}")
        self.folder = Path(folder)
        self.form = form
        self.loop = links.Loop()
        self.webhook = Webhook()
        self.policy = dice.choice(("block", "drop_oldest"))
        self.may_drop = (f"box-{COLLECTORS - 1}"
                         if self.policy == "drop_oldest" else None)
        self.broker = Part("broker", ForgetfulMosquitto(self.folder))
        self.store = Part("store", STORE_KINDS[store](self.folder))
        self.links = {
            "agent-link": links.Link(self.loop, "agent-link",
                                     self.broker.server.port),
            "store-link": links.Link(self.loop, "store-link",
                                     self.store.server.port,
                                     keep=remember)}
        self.agent = Part("agent", self.make_agent(remember))
        self.agent.before_start = self.links["store-link"].reader_is_back
        self.collectors = [self.make_collector(i) for i in range(COLLECTORS)]
        self.feeders = [Feeder(part.server.socket, f"{seed} {i}", form.rate)
                        for i, part in enumerate(self.collectors)]
        self.disks = {"agent": Disk(self.agent.process,
                                    self.folder / "agent-state")}
        for part in self.collectors:
            self.disks[part.name] = Disk(part.process, self.folder /
                                         f"{part.name}-spool")
        self.parts = {part.name: part for part in
                      [self.broker, self.store, self.agent, *self.collectors]}
        self.damages = []
        self.counts = {}
        self.spans = []  # (begin, end, fault) on the wall clock, ms
        self.store_kills = []  # when, on the clock of the links
        self.agent_kills = []  # when, on the wall clock, ms
        self.agent_away = self.agent.deaths  # from a kill to the next start
        self.last_stored = 0
        self.counting = threading.Lock()

    def make_agent(self, remember):
        url = f"http://127.0.0.1:{self.links['store-link'].port}"
        config = self.store.server.agent_config(url).rstrip().rstrip("}")
        config += 'retry_min = "100ms"; retry_max = "1s"; timeout = "5s"; }'
        agent = Agent(
            self.folder, f"mqtt://127.0.0.1:{self.links['agent-link'].port}",
            RULES, [config] + [AWAY] * remember, self.webhook,
            'journal = { size = "64MiB"; segment_size = "256KiB"; '
            'policy = "block"; };\n'
            # One segment has room for all that a run decides: a full disk would
            # take the oldest, which the judges need.
            'effects = { size = "16MiB"; segment_size = "1MiB"; };\n'
            'ingest = { ack_interval = "1s"; device_rate = 100000.0; '
            'device_burst = 100000.0; };\n'
            'self_metrics = "1s";\n'
            # So short that a will is not always held until it no longer
            # matters.
            'engine = { settle = "2s"; };\n',
            # The judges know each word by the place of its effect; and notify
            # goes on while the disk fails.
            told_by="notify")
        text = agent.config.read_text()
        agent.config.write_text(text.replace(
            "broker = { ", f'broker = {{ keepalive = "5s"; {RETRY_MAX}'))
        return agent

    def make_collector(self, i):
        name = f"collector{i}"
        link = links.Link(self.loop, f"{name}-link", self.broker.server.port)
        self.links[f"{name}-link"] = link
        # Where samples may be dropped, every point in the spool is one of
        # ours, so that the dropped ones can be counted.
        own = ([] if f"box-{i}" == self.may_drop
               else ['{ type = "internal"; interval = "1s"; }'])
        collector = Collector(
            self.folder, f"mqtt://127.0.0.1:{link.port}", own,
            device=f"box-{i}", name=name,
            extra='publish = { ack_timeout = "2s"; };')
        text = collector.config.read_text()
        text = text.replace("broker = { ",
                            f'broker = {{ keepalive = "3s"; {RETRY_MAX}')
        # The last one is short of room, so that a burst fills its spool.
        room = (f'size = "256KiB"; segment = "128KiB"; '
                f'policy = "{self.policy}"; ' if i == COLLECTORS - 1
                else 'size = "16MiB"; segment = "256KiB"; policy = "block"; ')
        text = text.replace("spool = { ", "spool = { " + room)
        collector.config.write_text(text)
        # The manifest is not ours to judge by.
        collector.process.command = collector.process.command[:3]
        return Part(name, collector)

    def start(self):
        for part in self.parts.values():
            part.start()
        for feeder in self.feeders:
            feeder.start()

    # --- counted from outside ---

    def stored(self):
        """How many load samples the store has; the last known while away."""
        server = self.store.server
        try:
            if server.kind == "influxdb":
                query = urllib.parse.urlencode(
                    {"db": "gong", "q": "SELECT count(n) FROM load, sig"})
                _, text = http("GET", f"{server.url}/query?{query}", timeout=1)
                found = sum(series["values"][0][1] for series in
                            json.loads(text)["results"][0].get("series", []))
            elif isinstance(server, PlainVictoriaMetrics):
                # Its count would count copies.
                found = len({(metric, *labels.values(), value) for
                             metric, labels, _, value in server.samples()
                             if metric in ("load_n", "sig_n")})
            else:
                http("GET", f"{server.url}/internal/force_flush", timeout=1)
                query = urllib.parse.urlencode(
                    {"nocache": 1, "time": int(time.time()) + 5, "query":
                     'sum(count_over_time({__name__=~"load_n|sig_n"}[1h]))'})
                _, text = http("GET", f"{server.url}/api/v1/query?{query}",
                               timeout=1)
                rows = json.loads(text)["data"]["result"]
                found = int(rows[0]["value"][1]) if rows else 0
        except (OSError, KeyError, ValueError):
            return self.last_stored
        self.last_stored = found
        return found

    def ledger(self):
        """What the agent's ledger says of each device."""
        _, text = http("GET", f"{self.agent.server.url}/ledger?site={SITE}",
                       timeout=5)
        return json.loads(text)["devices"]

    def unsettled(self):
        return (sum(feeder.accepted() for feeder in self.feeders)
                - self.stored())

    def pile_up(self):
        """Feeds faster until enough is accepted and not stored; the count."""
        with self.counting:
            deadline = time.monotonic() + 60
            while True:
                count = self.unsettled()
                if count >= self.form.unsettled:
                    return count
                if time.monotonic() > deadline:
                    raise Failure(f"only {count} samples became unsettled")
                each = (self.form.unsettled - count) // 2 + 20
                for feeder in self.feeders[:2]:
                    feeder.burst(each)
                time.sleep(0.12)

    # --- faults ---

    def hit(self, fault):
        """Lets one fault happen, from beginning to end. None where it found
        nothing to damage."""
        count = self.pile_up()
        begin = time.time_ns() // 1_000_000
        begun = time.monotonic()
        getattr(self, "do_" + fault.kind.replace("-", "_"))(fault)
        self.spans.append((begin, time.time_ns() // 1_000_000, fault))
        print(f"  {fault}: {count} unsettled; took "
              f"{time.monotonic() - begun:.1f} s"
              + ("; nothing to damage" if fault.harmless else ""), flush=True)
        if fault.harmless:
            return None
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        return count

    def kill(self, part):
        if part is self.agent:
            self.links["store-link"].reader_dies()
            self.agent_kills.append(time.time_ns() // 1_000_000)
        part.kill()
        if part is self.store:
            self.store_kills.append(time.monotonic())

    def do_kill(self, fault):
        part = self.parts[fault.target]
        with part.lock:
            self.kill(part)
            time.sleep(fault.seconds)
            part.again()

    def do_stop(self, fault):
        part = self.parts[fault.target]
        with part.lock:
            part.process.send(signal.SIGSTOP)
            time.sleep(fault.seconds)
            part.process.send(signal.SIGCONT)

    def do_restart(self, fault):
        """All four at once, then back in any order."""
        dice = random.Random(fault.seed)
        parts = [self.broker, self.agent, self.store,
                 dice.choice(self.collectors)]
        held = sorted(parts, key=lambda part: part.name)
        for part in held:
            part.lock.acquire()
        try:
            for part in parts:
                self.kill(part)
            dice.shuffle(parts)
            for part in parts:
                time.sleep(fault.seconds / len(parts))
                part.again()
        finally:
            for part in held:
                part.lock.release()

    def do_reset(self, fault):
        self.links[fault.target].reset()

    def do_flaky(self, fault):
        """Each second every connection dies with one chance in ten."""
        link = self.links[fault.target]
        dice = random.Random(fault.seed)
        end = time.monotonic() + fault.seconds
        link.reset(seed=fault.seed)
        while time.monotonic() < end:
            time.sleep(1)
            link.reset(0.1, dice.randrange(1 << 30))

    def for_a_while(self, fault, mode, **how):
        link = self.links[fault.target]
        link.set(mode, **how)
        time.sleep(fault.seconds)
        link.set(links.PASS)

    def do_hole(self, fault):
        self.for_a_while(fault, links.HOLE)

    def do_delay(self, fault):
        self.for_a_while(fault, links.DELAY, delay=0.5)

    def do_slow(self, fault):
        self.for_a_while(fault, links.SLOW, rate=SLOW_RATE)

    def do_overflow(self, fault):
        """The broker's queue for the agent fills, and drops silently."""
        link = self.links[fault.target]
        link.set(links.HOLE)
        end = time.monotonic() + fault.seconds
        while time.monotonic() < end:
            for feeder in self.feeders[:2]:
                feeder.burst(self.form.unsettled // 4)
            time.sleep(0.2)
        link.set(links.PASS)

    def do_full(self, fault):
        """The small spool runs full while the broker is away."""
        with self.broker.lock:
            self.kill(self.broker)
            self.feeders[-1].burst(9000)
            time.sleep(fault.seconds)
            self.broker.again()

    @staticmethod
    def wait_for(part):
        """Until it has started: on a disk that is ill it need not."""
        def up():
            part.process.check()
            if isinstance(part.server, Agent):
                return answers(f"{part.server.url}/metrics")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                return probe.connect_ex(str(part.server.socket)) == 0

        wait_until(up, 60, f"{part.name} before its disk fails")

    def do_enospc(self, fault):
        """The disk of a part is full: what it has allocated it can write, no
        more. Fed until it is refused something."""
        disk, part = self.disks[fault.target], self.parts[fault.target]
        index = int(fault.target[-1]) if fault.target[-1].isdigit() else 0
        end = time.monotonic() + fault.seconds
        with part.lock:
            self.wait_for(part)
            disk.fail("ENOSPC")
            while time.monotonic() < end + 20 * (disk.refused() == 0):
                self.feeders[index].burst(1500)
                time.sleep(0.2)
            disk.heal()
        if disk.refused() == 0:
            raise Failure(f"the full disk refused {fault.target} nothing")

    def do_eio(self, fault):
        self.broken_disk(fault, "EIO")

    def do_erofs(self, fault):
        self.broken_disk(fault, "EROFS")

    def broken_disk(self, fault, how):
        """What was not synced may be lost from then on, so nothing is settled
        until the next start, on a disk that is well."""
        disk, part = self.disks[fault.target], self.parts[fault.target]
        with part.lock:
            self.wait_for(part)
            disk.fail(how)
            time.sleep(fault.seconds)
            part.process.check()
            refused = disk.refused()
            disk.heal()
            self.kill(part)
            time.sleep(0.3)
            part.again()
        if refused == 0:
            raise Failure(f"the broken disk refused {fault.target} nothing")

    def do_late(self, fault):
        """A collector's first acks after a start come late, what it sends does
        not: its clock must not seem to be ahead."""
        part = self.parts[fault.target]
        link = self.links[f"{fault.target}-link"]
        with part.lock:
            self.kill(part)
            link.set(links.LATE, delay=3.0)
            part.again()
        time.sleep(fault.seconds)
        link.set(links.PASS)

    # --- damage at rest ---

    def damage(self, fault, part, folder, how):
        dice = random.Random(fault.seed)
        with part.lock:
            self.hush(part, how)
            self.kill(part)
            records = segments.read_log(folder)
            chosen = (self.to_cut(records, dice) if how == "cut"
                      else self.to_flip(records, dice))
            fault.harmless = not chosen
            if chosen:
                self.damages.append(Damage(
                    part.name, f"box-{part.name[-1]}", how, chosen,
                    records[-1].offset + records[-1].size))
                for record in chosen[:1] if how == "cut" else chosen:
                    (segments.cut if how == "cut"
                     else segments.flip)(record, dice)
            time.sleep(fault.seconds)
            part.again()
            for feeder in self.feeders:
                feeder.quiet = False

    def hush(self, part, how):
        """For a while only load comes to it, so that there is a tail to cut."""
        if how != "cut":
            return
        for feeder, collector in zip(self.feeders, self.collectors):
            if part in (self.agent, collector):
                feeder.quiet = True
        time.sleep(0.6)
        for feeder in self.feeders:
            if feeder.quiet:
                feeder.burst(200)
        time.sleep(0.2)

    @staticmethod
    def to_flip(records, dice):
        """Some of the newest that hold nothing but load: rules must decide
        the same without them. Not the very last: that would be a tail."""
        plain = [record for record in records[-60:-1] if record.lines() and
                 all(line.startswith("load,") for line in record.lines())]
        return dice.sample(plain, min(3, len(plain)))

    @staticmethod
    def to_cut(records, dice):
        """From one of the last records to the end of the newest file, as far as
        only load and nothing that rules or the ledger need is lost."""
        first = len(records)
        while first > 0 and records[first - 1].path == records[-1].path and (
                records[first - 1].kind == segments.CLOCK or (
                    records[first - 1].lines() and all(
                        line.startswith("load,") for line in
                        records[first - 1].lines()))):
            first -= 1
        tail = records[first:]
        return tail[dice.randrange(len(tail)):] if tail else []

    def do_spool_flip(self, fault):
        part = self.parts[fault.target]
        self.damage(fault, part, self.folder / f"{part.name}-spool", "flip")

    def do_spool_cut(self, fault):
        part = self.parts[fault.target]
        self.damage(fault, part, self.folder / f"{part.name}-spool", "cut")

    def do_journal_flip(self, fault):
        self.damage(fault, self.agent, self.folder / "agent-state" / "journal",
                    "flip")

    def do_journal_cut(self, fault):
        self.damage(fault, self.agent, self.folder / "agent-state" / "journal",
                    "cut")

    # --- the end ---

    def check(self):
        """Raises if a part ended that nobody killed."""
        for part in self.parts.values():
            part.process.check()

    def stop(self):
        """Feeders and parts; the exit codes of ours. The agent first: nobody
        is dark because he was stopped."""
        for feeder in self.feeders:
            feeder.stop()
        codes = {}
        for part in [self.agent, *self.collectors]:
            codes[part.name] = part.process.stop(60)
        return codes

    def close(self):
        for feeder in self.feeders:
            feeder.stopping = True
        for part in self.parts.values():
            part.process.send(signal.SIGCONT)
            part.kill()
        for link in self.links.values():
            link.stop()
        self.webhook.stop()
        self.loop.stop()

