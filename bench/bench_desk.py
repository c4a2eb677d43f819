"""From a sample at the broker to the webhook that is told of its alert, while
20,000 points a second come in; beside it what the disk needs for a sync, in the
same run.

    GONG_PRESET=release python3 bench/bench_desk.py [SECONDS] [RATE] [ALERTS]

Real Mosquitto, a real agent with a desk, one webhook, every alert by itself and
at once. The bar: p99 at most 10 ms and the p99 of fdatasync. Alerts start at
random instants, ALERTS (20) a second, SECONDS (60) long. It counts from the
instant before the sample is given to the broker; below it each station, from
the stamps in desk.db. GONG_BENCH_DIR is where the state lies. GONG_BENCH_HOLD=1
leaves the load running without alerts until Enter is pressed, to look at the
agent with other tools.
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GONG_PRESET", "release")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy"))

from local.process import free_port  # noqa: E402
from local.programs import BIN, Agent  # noqa: E402
from local.servers import Mosquitto  # noqa: E402

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
ALERTS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
DEVICES = 2000  # of 50 series each
ROUND = DEVICES * 50  # points
SETTLE_S = 5  # after every series is there
JOURNAL_MIB = 64  # filled before it begins: a journal in use is written anew
BAR_MS = 10.0
PROGRAMS = BIN.parent / "bench"
MEASURES = ("temp", "volt", "power", "load", "lux")

ROUTES = """
receivers = ( { name = "hook"; channels = ("hook"); send_resolved = false; } );
route = { receiver = "hook"; group_by = ("..."); group_wait = "0s";
          group_interval = "1s"; repeat_interval = "4h"; };
"""


def write_rules(path):
    """Twenty rules that read what comes in, and never fire; and ours."""
    rules = [f'  {{ alert = "R{i}"; for = "{i % 2 * 30}s"; '
             f'expr = "lamp_{MEASURES[i % 5]} > {1000 + i}"; }}'
             for i in range(20)]
    rules.append('  { alert = "Hot"; expr = "probe_hot > 0"; '
                 'labels = { severity = "critical"; }; '
                 'annotations = { summary = "{{ $labels.id }} nóng"; }; }')
    path.write_text('group = "bench";\nrules = (\n' + ",\n".join(rules)
                    + "\n);\n", encoding="utf-8")


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.broker = Mosquitto(folder).start()
        write_rules(folder / "bench.rules")
        (folder / "routes.cfg").write_text(ROUTES)
        self.agent = Agent(folder, self.broker.url, [folder / "bench.rules"],
                           extra=f"""
journal = {{ size = "{JOURNAL_MIB}MiB"; segment_size = "8MiB"; }};
ingest = {{ device_rate = 100000.0; device_burst = 100000.0; }};
desk = {{ routes = "{folder}/routes.cfg"; }};
channels = ( {{ name = "hook"; type = "webhook";
               url = "http://127.0.0.1:{self.port}/"; }} );
""").start()
        self.load = None

    def points(self):
        return self.agent.metrics().get("gong_engine_points_total", 0)

    def start_load(self):
        """Returns when every series is there and the journal has gone round,
        as it does for good after the first days."""
        fill = int(JOURNAL_MIB * 1.5 * 2 ** 20 / (ROUND * 40))
        wait = ROUND / RATE + SETTLE_S
        steady = int((wait + SECONDS + 10) * RATE / ROUND) + 1
        subprocess.run(
            [PROGRAMS / "bench_load", self.broker.url, str(DEVICES), "0",
             str(fill), "0"], stdout=subprocess.DEVNULL, check=True)
        self.load = subprocess.Popen(
            [PROGRAMS / "bench_load", self.broker.url, str(DEVICES),
             str(fill), str(steady), str(RATE)], stdout=subprocess.PIPE,
            text=True)
        time.sleep(wait)

    def measure(self):
        before, began = self.points(), time.monotonic()
        done = subprocess.run(
            [PROGRAMS / "bench_desk", self.broker.url, str(self.port),
             str(SECONDS), str(ALERTS), self.folder / "sync"],
            check=True, capture_output=True, text=True)
        rate = (self.points() - before) / (time.monotonic() - began)
        return done.stdout, rate

    def sent(self):
        """What the load says of itself, when it has ended."""
        return re.search(r"(\d+) a second", self.load.communicate()[0])[1]

    def stations(self):
        """{name: sorted ms} between the stamps that each alert carries."""
        names = ("given to received", "received to decided",
                 "decided to stored", "stored to answered")
        db = sqlite3.connect(
            f"file:{self.folder}/agent-state/desk.db?mode=ro", uri=True)
        rows = db.execute(
            "SELECT x.received_ms - x.captured_ms,"
            " x.decided_ms - x.received_ms, d.stored_ms - x.decided_ms,"
            " d.notified_ms - d.stored_ms FROM deliveries AS d"
            " JOIN outbox AS o ON o.id = d.outbox"
            " JOIN message_incidents AS x ON x.message = o.message"
            " WHERE d.notified_ms <> 0 AND x.received_ms <> 0").fetchall()
        db.close()
        return {name: sorted(row[i] for row in rows)
                for i, name in enumerate(names)}

    def stop(self):
        if self.load is not None:
            self.load.kill()
            self.load.wait()
        self.agent.stop()
        self.broker.stop()


def figures(text, name):
    line = re.search(rf"^{name} .*$", text, re.MULTILINE)[0]
    return {key: float(value)
            for key, value in re.findall(r"(\w+)=([0-9.]+)", line)}


def show(text, rate, sent, load, stations):
    alerts = figures(text, "alerts")
    hook = figures(text, "webhook")
    sync = figures(text, "fdatasync")
    bar = BAR_MS + sync["p99"]
    print(f"{sent} points a second sent, {rate:.0f} received, "
          f"{alerts['sent']:.0f} alerts sent, {alerts['told']:.0f} told, "
          f"{alerts['twice']:.0f} twice, "
          f"{alerts['connections']:.0f} connections; load of the machine "
          f"{load:.1f} on {os.cpu_count()} processors")
    print("ms                       p50     p90     p99     max")
    for name, row in (("receipt to webhook", hook), ("fdatasync", sync)):
        print(f"  {name:20s}" + "".join(f"{row[key]:8.2f}" for key in
                                        ("p50", "p90", "p99", "max")))
    for name, values in stations.items():
        print(f"    {name:18s}" + "".join(
            f"{values[round(share * (len(values) - 1))]:8.0f}"
            for share in (0.5, 0.9, 0.99, 1)))
    print(f"p99 {hook['p99']:.2f} ms of {BAR_MS:.0f} + {sync['p99']:.2f} ms: "
          f"{hook['p99'] / bar:.2f} of the bar, "
          f"{'held' if hook['p99'] <= bar else 'NOT held'}", flush=True)


def main():
    folder = os.environ.get("GONG_BENCH_DIR")
    with tempfile.TemporaryDirectory(prefix="gong-bench-", dir=folder) as name:
        bench = Bench(Path(name))
        try:
            bench.start_load()
            if os.environ.get("GONG_BENCH_HOLD"):
                input(f"agent {bench.agent.process.child.pid} > ")
            text, rate = bench.measure()
            load = os.getloadavg()[0]
            show(text, rate, bench.sent(), load, bench.stations())
        finally:
            bench.stop()


main()
