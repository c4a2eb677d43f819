"""Memory and descriptors of agent and collectors while faults go on around
them: they must be flat. The programs themselves are stopped, cut off and given
a full disk, but not killed: a new process would hide what the old one kept.

    soak.py MINUTES [--seed S] [--store KIND]

Every few seconds, of each program: the bytes that malloc has given out and not
got back (heap_note.c; under AddressSanitizer without its quarantine), resident
anonymous memory and open descriptors. The first fifth is warm-up; of the rest
the median of the last third must not lie above the median of the first third by
more than a tenth and the slack below. Resident memory is judged in builds
without sanitizer only. Prints the series; exit 1 where something grows, where a
program ends by itself, or where it ends with another code than 0 when stopped
(that is how the sanitizer reports a leak).
"""

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from plan import LONG, Fault, one
from town import LIBRARIES, ROOT, STORE_KINDS, Town

from local.process import Failure, reserve_ports
from local.programs import PRESET

KINDS = ("kill", "stop", "reset", "hole", "delay", "slow", "flaky", "overflow",
         "full", "enospc")
EVERY_S = 5
WARM_UP = 0.2
LEAST = 9  # samples after the warm-up
KIB = 1024
SLACK = {"heap": 512 * KIB, "rss": 2048 * KIB, "fds": 3}
SLACK_SMALL = {"heap": 64 * KIB, "rss": 512 * KIB, "fds": 3}  # a collector
PART = 0.1


class Watched:
    """A program whose size is noted."""

    def __init__(self, part, folder):
        self.part = part
        self.heap = folder / f"{part.name}.heap"
        env = part.process.env
        env["LD_PRELOAD"] = f"{env['LD_PRELOAD']}:{LIBRARIES}/libheap_note.so"
        env["GONG_HEAP_NOTE"] = self.heap
        self.series = {"heap": [], "rss": [], "fds": []}

    def look(self):
        """One sample; a program that is stopped has its last heap."""
        folder = Path("/proc") / str(self.part.process.child.pid)
        status = (folder / "status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines()
                   if line.startswith("RssAnon:"))
        self.series["heap"].append(int(self.heap.read_text() or 0))
        self.series["rss"].append(rss * KIB)
        self.series["fds"].append(len(os.listdir(folder / "fd")))

    def text(self):
        last = {name: values[-1] for name, values in self.series.items()}
        return (f"{self.part.name} heap={last['heap'] // KIB} "
                f"rss={last['rss'] // KIB} fds={last['fds']}")

    def judge(self, name):
        """What is wrong with that series; None."""
        values = self.series[name]
        values = values[int(len(values) * WARM_UP):]
        third = len(values) // 3
        first = statistics.median(values[:third])
        last = statistics.median(values[-third:])
        slack = SLACK if self.part.name == "agent" else SLACK_SMALL
        most = first * (1 + PART) + slack[name]
        print(f"{self.part.name} {name}: first third {first:.0f}, last third "
              f"{last:.0f}, at most {most:.0f}")
        return (f"{self.part.name}: {name} grows from {first:.0f} to "
                f"{last:.0f}" if last > most else None)


def next_fault(dice):
    kind = dice.choice(KINDS)
    target, seconds = one(dice, kind, LONG)
    if kind == "kill":
        target = dice.choice(("broker", "store"))
    return Fault(0, kind, target, seconds, dice.randrange(1 << 30))


def go_on(town, seed, until, failures):
    """One fault after the other."""
    dice = random.Random(f"soak {seed}")
    try:
        while time.monotonic() < until:
            town.hit(next_fault(dice))
            time.sleep(dice.uniform(0, 3))
    except Exception as error:  # pylint: disable=broad-except
        failures.append(f"{error!r}")


def soak(town, minutes, seed):
    """What is wrong."""
    watched = [Watched(part, town.folder)
               for part in [town.agent, *town.collectors]]
    failures = []
    town.start()
    began = time.monotonic()
    until = began + minutes * 60
    faults = threading.Thread(target=go_on, daemon=True,
                              args=(town, seed, until, failures))
    time.sleep(EVERY_S)
    faults.start()
    while time.monotonic() < until:
        town.check()
        for one_watched in watched:
            one_watched.look()
        print(f"t={time.monotonic() - began:.0f} KiB: "
              + "; ".join(each.text() for each in watched), flush=True)
        time.sleep(EVERY_S)
    faults.join(120)
    if len(watched[0].series["heap"]) * (1 - WARM_UP) < LEAST:
        failures.append("too short to say anything")
    for name, code in town.stop().items():
        if code != 0:
            failures.append(f"{name} ended with {code}")
    sized = ("heap", "fds") if PRESET == "asan" else ("heap", "rss", "fds")
    failures += [wrong for each in watched for wrong in map(each.judge, sized)
                 if wrong and not failures]
    print("faults:", " ".join(f"{kind}={count}" for kind, count
                              in sorted(town.counts.items())))
    return failures


def sanitizer_options():
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    os.environ.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions="
                          f"{ROOT}/tests/lsan.supp")
    os.environ.setdefault("UBSAN_OPTIONS",
                          "print_stacktrace=1:halt_on_error=1")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORE_KINDS, default="influxdb")
    args = parser.parse_args()
    sanitizer_options()
    reserve_ports()
    folder = Path(tempfile.mkdtemp(prefix="gong-soak-"))
    town = Town(folder, args.store, args.seed, LONG, remember=False)
    try:
        failures = soak(town, args.minutes, args.seed)
    except Failure as failure:
        failures = [str(failure)]
    finally:
        town.close()
    if failures:
        print("\n".join(f"VIOLATION {text}" for text in failures)
              + f"\nkept: {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
