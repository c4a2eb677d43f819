"""What runs have shown, for people and for docs/reliability/DATE.txt."""

import os
import platform
import subprocess
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUMMED = ("accepted", "stored", "applied", "refused", "unanswered", "damaged",
          "dropped", "doubled", "backlog", "sent_again", "sent_again_cut",
          "sent_again_restart", "sent_again_damage", "transitions", "timers",
          "straddling", "calm_equal", "calm_apart", "calm_not_evaluated",
          "calm_ahead", "calm_dark", "calm_late", "came_equal", "came_apart",
          "came_not_evaluated", "came_ahead", "came_dark", "told",
          "told_again", "true_when_told", "dark", "unknown", "deaths",
          "births", "reported_dropped", "lost_named")


def machine():
    """What the figures were measured on, in one line."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in info.splitlines()
              if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (f"{len(models)} x {models[0] if models else platform.machine()}, "
            f"{memory >> 20} MiB, {platform.system()} {platform.release()}")


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always",
                           "--dirty", "--abbrev=12"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or "unknown"


def pairs(counts):
    return " ".join(f"{name}={count}" for name, count in counts.items())


class Report:
    """command and rest: what repeats the runs, before and after the seed."""

    def __init__(self, command, rest):
        self.command = command
        self.rest = rest
        self.lines = []
        self.good = 0
        self.bad = 0
        self.faults = Counter()
        self.figures = Counter()
        self.began = time.monotonic()

    def add(self, seed, store, result):
        name = f"seed {seed}, {store}"
        self.faults.update(result["faults"])
        self.figures.update({key: result["figures"].get(key, 0)
                             for key in SUMMED})
        if result["violations"]:
            self.bad += 1
            line = "\n".join(
                [f"{name}: {len(result['violations'])} violations"]
                + [f"  VIOLATION {text}" for text in result["violations"]]
                + [f"  figures: {pairs(result['figures'])}"]
                + [f"  repeat: {self.command} 1 --seed {seed}"
                   + ("" if "--store" in self.rest else f" --store {store}")
                   + self.rest])
        else:
            self.good += 1
            line = f"{name}: ok {pairs(result['figures'])}"
        self.lines.append((seed, line))
        return line

    def text(self):
        kinds = pairs(dict(sorted(self.faults.items())))
        return (f"runs={self.good + self.bad} good={self.good} "
                f"violations={self.bad} "
                f"seconds={time.monotonic() - self.began:.0f}\n"
                f"faults={sum(self.faults.values())}: {kinds}\n"
                f"sums: {pairs(self.figures)}\n"
                f"alerts like those of undisturbed runs: "
                f"{self.share('calm')} by their samples' stamps, "
                f"{self.share('came')} as they came; the others differ only "
                "where there is a reason")

    def share(self, name):
        equal = self.figures[f"{name}_equal"]
        alerts = equal + self.figures[f"{name}_apart"]
        return f"{equal} of {alerts} ({100 * equal / max(alerts, 1):.1f} %)"

    def write(self, count, seed):
        """More of the same day are appended."""
        folder = ROOT / "docs" / "reliability"
        folder.mkdir(exist_ok=True)
        path = folder / f"{time.strftime('%Y-%m-%d')}.txt"
        with open(path, "a", encoding="utf-8") as file:
            print(f"commit: {commit()}\nmachine: {machine()}\n"
                  f"repeat: {self.command} {count} --seed {seed}{self.rest}\n"
                  f"{self.text()}\n\n"
                  + "\n".join(line for _, line in sorted(self.lines)) + "\n",
                  file=file)
        return path
