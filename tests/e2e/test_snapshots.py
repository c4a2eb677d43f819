"""kill -9 of an agent that takes snapshots: it goes on from the newest, and
what it decided over all its lives is what its journal says from the begin."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from province import SLOW, Province, expect, run
from local.process import wait_until
from local.programs import BIN

KILLS = 3
DEVICES = 10
TOOLS = Path(os.environ.get("GONG_TOOL_DIR", BIN.parent / "tests"))
RULES = """
group = "snapshots";
rules = (
  { id = "hot"; alert = "Hot"; expr = "lamp_temp > 70"; },
  { id = "hot-for-long"; alert = "HotForLong"; expr = "lamp_temp > 70";
    for = "500ms"; keep_firing_for = "500ms"; },
  { id = "dim"; alert = "Dim"; expr = "lamp_lux / lamp_volt < 0.05";
    for = "300ms"; }
);
"""
EXTRA = """
engine = { snapshot_min = "50ms"; snapshot_max = "300ms"; settle = "1s"; };
journal = { size = "64MiB"; segment_size = "64KiB"; };
"""


# What the lamps do follows the clock, not the number of batches: how many go
# out in a second differs by a factor of ten between machines, and a `for` that
# is longer than the heat lasts would never run out. Devices in five groups are
# hot for 1 s of 5, instances in three groups dim for 0.6 s of 1.8.
HEAT = 1.0
DIMNESS = 0.6


class Lamps:
    """Publishes a batch of every device over and over, hot now and then."""

    def __init__(self, broker):
        self.broker = broker
        self.ended = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def lines(self, device):
        now = time.time()
        hot = (now // HEAT + device) % 5 == 0
        return "".join(
            f"lamp,id={i} temp={90 if hot else 20},volt=220,"
            f"lux={5 if (now // DIMNESS + i) % 3 == 0 else 40} "
            f"{int(now * 1000)}000000\n" for i in range(20))

    def work(self):
        while not self.ended:
            for device in range(DEVICES):
                self.broker.publish(f"gong/v1/22015/lamp-{device}/data",
                                    self.lines(device))

    def stop(self):
        self.ended = True
        self.thread.join()


def live_lines(agent):
    text = agent.process.log_path.read_text(errors="replace")
    return re.findall(r"event=engine_live replayed=(\d+) from=\"([^\"]+)\"",
                      text)


def wait_snapshots(agent, count):
    wait_until(lambda: agent.metrics().get("gong_engine_snapshots_total", 0)
               >= count, 30 * SLOW, "snapshots")


def kills_go_on_from_snapshots():
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    rules = folder / f"gong-snapshots-{os.getpid()}.cfg"
    rules.write_text(RULES, encoding="utf-8")
    try:
        with Province(store=None, rules=[rules], extra=EXTRA) as province:
            agent = province.agent
            lamps = Lamps(province.broker)
            for life in range(KILLS):
                wait_snapshots(agent, 8)
                time.sleep(0.1 * life)
                agent.process.send(signal.SIGKILL)
                agent.process.child.wait()
                agent.start()
                wait_until(lambda: len(live_lines(agent)) > life + 1,
                           30 * SLOW, "the engine to be live")
            wait_snapshots(agent, 8)
            time.sleep(4 * DIMNESS)
            lamps.stop()
            expect(agent.stop() == 0, "the agent did not stop in good order")
            judge(agent, province.folder / "agent-state")
    finally:
        rules.unlink()


def judge(agent, state):
    lives = live_lines(agent)
    print("lives:", lives)
    expect(lives[0][1] == "journal begin", "the first began elsewhere")
    expect(all(origin == "snapshot" for _, origin in lives[1:]),
           "a start did not go on from a snapshot")
    done = subprocess.run([TOOLS / "journal_replay", state],
                          capture_output=True, text=True, timeout=60,
                          check=False)
    counts = dict(word.split("=") for word in
                  done.stdout.splitlines()[0].split())
    print(counts)
    expect(done.returncode == 0, done.stderr)
    expect(int(counts["transitions"]) > 100, "too few transitions to judge")
    expect(int(counts["timers"]) > 10, "too few timers to judge")
    for name in ("different", "missing", "extra"):
        expect(counts[name] == "0", f"{name}: {counts[name]}")


run(kills_go_on_from_snapshots)
