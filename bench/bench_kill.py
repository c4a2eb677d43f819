"""kill -9 of a real agent at the worst moment, a million series, 20,000 points
a second through a real broker; then how long until it evaluates again.

    GONG_PRESET=release python3 bench/bench_kill.py [DEVICES] [RATE]

A device has 50 series. The worst moment is right before a snapshot is due: the
journal has grown by nearly half the last one's size since, and all of that is
read again. The journal is filled up to there as fast as it goes, then load of
RATE points a second goes on over the kill and the start.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GONG_PRESET", "release")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy"))

from local.process import wait_until  # noqa: E402
from local.programs import BIN, Agent  # noqa: E402
from local.servers import Mosquitto  # noqa: E402

# A snapshot every so often whatever the journal does, to look at the stalls.
SNAPSHOT_MAX = os.environ.get("GONG_BENCH_SNAPSHOT_MAX", "15m")
DEVICES = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
LOAD = BIN.parent / "bench" / "bench_load"
MEASURES = ("temp", "volt", "power", "load", "lux")
KEEP = os.environ.get("GONG_BENCH_KEEP")  # a copy of what the kill left
BAR_S = 2.0
DUE = 0.5  # a snapshot is due when the journal has grown by this part of it
NEARLY = 0.97 * DUE


def write_rules(path):
    rules = [f'  {{ alert = "R{i}"; for = "{i % 2 * 30}s"; '
             f'expr = "lamp_{MEASURES[i % 5]} > {70 + i}"; }}'
             for i in range(20)]
    path.write_text('group = "bench";\nrules = (\n' + ",\n".join(rules)
                    + "\n);\n")


def cpu_seconds(pid):
    """What all threads of a process have used so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.broker = Mosquitto(folder).start()
        write_rules(folder / "bench.rules")
        self.agent = Agent(folder, self.broker.url, [folder / "bench.rules"],
                           extra=f"""
journal = {{ size = "4GiB"; }};
ingest = {{ device_rate = 100000.0; device_burst = 100000.0;
           ledger_interval = "5s"; }};
engine = {{ snapshot_min = "2s"; snapshot_max = "{SNAPSHOT_MAX}"; }};
""").start()
        self.round = 0

    def metric(self, name):
        return self.agent.metrics().get(name, 0)

    def load(self, rounds, rate):
        child = subprocess.Popen(
            [LOAD, self.broker.url, str(DEVICES), str(self.round),
             str(rounds), str(rate)], stdout=subprocess.DEVNULL)
        self.round += rounds
        return child

    def applied(self):
        return self.metric("gong_engine_position")

    def drain(self):
        wait_until(lambda: self.applied() == self.metric(
            "gong_agent_journal_end_offset"), 120, "the engine")

    def grown(self):
        """How far the journal has grown, of the last snapshot's size."""
        metrics = self.agent.metrics()
        size = metrics.get("gong_engine_snapshot_bytes", 0)
        return 0 if size == 0 else (
            (metrics["gong_agent_journal_end_offset"]
             - metrics["gong_engine_snapshot_position"]) / size)

    def full_snapshot(self):
        """Fills until a snapshot holds all series and nothing is under way."""
        started = time.time()
        while True:
            self.load(1, 0).wait()
            self.drain()
            time.sleep(3)
            metrics = self.agent.metrics()
            if (metrics["gong_engine_snapshot_bytes"]
                    > 0.7 * metrics["gong_engine_bytes"]
                    and metrics["gong_engine_series"] == DEVICES * 50):
                break
        print(f"{metrics['gong_engine_series']:.0f} series, "
              f"{metrics['gong_engine_instances']:.0f} instances, snapshot of "
              f"{metrics['gong_engine_snapshot_bytes'] / 1e6:.0f} MB, stall "
              f"{metrics['gong_engine_snapshot_stall_microseconds'] / 1e3:.1f}"
              f" ms, filled in {time.time() - started:.0f} s")

    def worst_moment(self):
        """Returns the load that goes on, right before a snapshot is due."""
        while self.grown() + self.share_of_round() < NEARLY:
            self.load(1, 0).wait()
            self.drain()
        # The rest at the steady rate would take long; a part of a round.
        child = self.load(0, 200000)
        wait_until(lambda: self.grown() >= NEARLY - 0.01, 120, "the worst",
                   0.01)
        child.kill()
        child.wait()
        self.drain()
        self.round += 1
        child = self.load(0, RATE)
        wait_until(lambda: self.grown() >= NEARLY, 60, "the worst", 0.01)
        return child

    def share_of_round(self):
        size = self.metric("gong_engine_snapshot_bytes")
        return 0 if size == 0 else DEVICES * 50 * 47 / size

    def kill_and_start(self):
        load = self.worst_moment()
        grown = self.grown()
        log = self.agent.process.log_path
        before = log.stat().st_size
        self.agent.process.kill()
        if KEEP:
            subprocess.run(["cp", "-r", self.folder, KEEP], check=True)
        killed = time.time()
        self.agent.process.start()
        text = wait_until(lambda: self.live_line(log, before), 60,
                          "the agent to be live", 0.005)
        cpu = cpu_seconds(self.agent.process.child.pid)
        wait_until(lambda: self.metric("gong_engine_live") == 1, 10, "live")
        load.kill()
        load.wait()
        self.report(text, killed, grown, cpu)

    @staticmethod
    def live_line(log, before):
        with open(log, "rb") as file:
            file.seek(before)
            text = file.read().decode(errors="replace")
        return text if "event=engine_live" in text else None

    def report(self, text, killed, grown, cpu):
        def at(event):
            found = re.search(rf"ts=([0-9.]+) .*event={event}\b(.*)", text)
            return ((float(found[1]) - killed, found[2]) if found
                    else (float("nan"), ""))
        live, words = at("engine_live")
        restored, what = at("snapshot_restored")
        replayed = int(re.search(r"replayed=(\d+)", words)[1])
        points = replayed * 50
        print(f"killed with the journal grown by {grown:.2f} of the "
              f"snapshot's size; load of the machine {os.getloadavg()[0]:.1f}"
              f" on {os.cpu_count()} processors")
        print(f"  journal, effects, snapshot open  {restored * 1e3:6.0f} ms "
              f"{what}")
        print(f"  replay                           "
              f"{(live - restored) * 1e3:6.0f} ms   {points / 1e6:.2f} M "
              f"points, {points / (live - restored) / 1e6:.2f} M points/s, "
              f"with {RATE} a second coming in")
        print(f"  kill to all evaluated            {live * 1e3:6.0f} ms   "
              f"{live / BAR_S:.2f} of the bar; {cpu * 1e3:.0f} ms of "
              f"processor time", flush=True)

    def stalls(self, seconds):
        """How long each snapshot held the engine up, at the steady rate."""
        load = self.load(0, RATE)
        found = {}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            metrics = self.agent.metrics()
            found[metrics["gong_engine_snapshots_total"]] = metrics[
                "gong_engine_snapshot_stall_microseconds"] / 1e3
            time.sleep(0.2)
        load.kill()
        load.wait()
        self.drain()
        self.round += 1
        print("stalls, ms: " + " ".join(f"{ms:.1f}" for ms in found.values()),
              flush=True)

    def stop(self):
        self.agent.stop()
        self.broker.stop()


def main():
    folder = os.environ.get("GONG_BENCH_DIR")
    with tempfile.TemporaryDirectory(prefix="gong-bench-", dir=folder) as name:
        bench = Bench(Path(name))
        try:
            bench.full_snapshot()
            if SNAPSHOT_MAX != "15m":
                bench.stalls(30)
                return
            for _ in range(int(os.environ.get("GONG_BENCH_KILLS", "2"))):
                bench.kill_and_start()
        finally:
            bench.stop()


main()
