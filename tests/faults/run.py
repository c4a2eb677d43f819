"""Kills, stops and cuts off parts under load and judges that nothing was lost
and nothing doubled.

    run.py --short --store influxdb --seed 7     one run
    run.py --runs 20 --seed 7 [--report]         one after the other, through
                                                 all stores; a violation ends it
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from plan import LONG, SHORT, make_plan
from town import ROOT, Failure, Town, wait_until
from verdict import Verdict, final_levels

STORES = ("influxdb", "victoriametrics", "victoriametrics-plain")
CALM_S = 5  # the last levels stand long enough for every rule
SETTLE_S = 90


def let_faults_happen(town, plan):
    """Each fault in a thread of its own, so that they may overlap. Returns how
    many accepted samples were unsettled as each began."""
    counts, failures = [], []

    def happen(fault):
        try:
            counts.append(town.hit(fault))
        except Exception as error:  # pylint: disable=broad-except
            failures.append(f"{fault}: {error}")

    began = time.monotonic()
    threads = []
    for fault in plan:
        time.sleep(max(0, began + fault.at - time.monotonic()))
        thread = threading.Thread(target=happen, args=(fault,), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(120)
    if failures:
        raise Failure("; ".join(failures))
    return counts


def wait_for_all(town):
    """Until the store has every accepted sample, or nothing comes any more."""
    deadline = time.monotonic() + SETTLE_S
    before, still = None, 0
    while time.monotonic() < deadline:
        town.check()
        verdict = Verdict(town)
        found = verdict.read_store()
        state = len(found), len(verdict.missing(found))
        still = still + 1 if state == before else 0
        before = state
        if state[1] == 0 and (still >= 2 or not verdict.dropped(found)):
            return
        time.sleep(2)


def blind_to(town, found):
    """Plants a lie of every kind in the books of a good run; those that the
    judges do not see."""
    verdict = Verdict(town)
    verdict.accepted["box-0", "load,s=0", 0] = 0
    sample = next(sample for sample in found if sample in verdict.accepted)
    found[sample].append(found[sample][0] + 1)
    town.webhook.keys.append("999999999999-0")
    town.webhook.alerts.append(town.webhook.alerts[-1])
    verdict.judge_store(found)
    verdict.judge_applied()
    verdict.judge_told()
    seen = "; ".join(verdict.violations)
    lies = ["missing in the store", "missing in the journal", "another stamp",
            "twice"]
    if town.kind != "victoriametrics-plain":  # there it may be a cut request
        lies.append("doubled in the store")
    return [lie for lie in lies if lie not in seen]


def one_run(folder, store, seed, form):
    """(verdict, fault counts) of one run; raises Failure where it could not
    be carried through."""
    plan = make_plan(seed, form)
    town = Town(folder, store, seed, form)
    town.kind = store
    began = time.monotonic()
    try:
        town.start()
        unsettled = let_faults_happen(town, plan)
        town.check()
        for i, feeder in enumerate(town.feeders):
            feeder.finish(final_levels(i))
        time.sleep(CALM_S)
        for feeder in town.feeders:
            feeder.stop()
            if feeder.failure is not None:
                raise Failure(f"feeder: {feeder.failure!r}")
        settling = time.monotonic()
        wait_for_all(town)
        verdict = Verdict(town)
        try:
            wait_until(verdict.all_told, 15, "the last alerts")
        except Failure:
            pass  # the verdict says which
        settled = time.monotonic()
        found = verdict.read_store()
        for name, code in town.stop().items():
            if code != 0:
                verdict.wrong(f"{name} ended with {code}")
        verdict.judge_store(found)
        verdict.judge_applied()
        verdict.judge_replay()
        verdict.judge_named()
        verdict.judge_told()
        if not verdict.violations:
            blind = blind_to(town, found)
            if blind:
                verdict.wrong("the judges did not see planted lies", blind)
        verdict.figures.update(
            unsettled_least=min(unsettled), cut_requests=len(
                town.links["store-link"].cut),
            settle_s=round(settled - settling, 1),
            seconds=round(time.monotonic() - began))
        return verdict, town.counts
    finally:
        town.close()


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


def counted(counts):
    return " ".join(f"{name}={count}" for name, count
                    in sorted(counts.items()))


SUMMED = ("accepted", "stored", "applied", "refused", "unanswered", "damaged",
          "dropped", "doubled", "transitions", "timers", "straddling", "told",
          "told_again")


class Sum:
    """What all runs so far have shown."""

    def __init__(self, args):
        self.args = args
        self.lines = []
        self.faults = Counter()
        self.figures = Counter()

    def add(self, name, figures, faults):
        text = " ".join(f"{key}={value}" for key, value in figures.items())
        self.lines.append(f"{name}: ok {text}")
        self.faults.update(faults)
        self.figures.update({key: figures[key] for key in SUMMED})

    def text(self):
        return (f"runs={len(self.lines)} violations=0\n"
                f"faults: {counted(self.faults)}\n"
                f"sums: {counted(self.figures)}")

    def write(self):
        """docs/reliability/DATE.txt; more of the same day are appended."""
        folder = ROOT / "docs" / "reliability"
        folder.mkdir(exist_ok=True)
        path = folder / f"{time.strftime('%Y-%m-%d')}.txt"
        first = self.args.seed
        with open(path, "a", encoding="utf-8") as file:
            print(f"commit: {commit()}\nmachine: {machine()}\n"
                  f"repeat: ./gong test --faults {self.args.runs} --seed "
                  f"{first}"
                  + (f" --store {self.args.store}" if self.args.store else "")
                  + f"\n{self.text()}\n\n" + "\n".join(self.lines) + "\n",
                  file=file)
        print(f"written: {path}")


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true",
                        help="a smaller run, as in every test")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORES,
                        help="always this one; else one after the other")
    parser.add_argument("--report", action="store_true",
                        help="writes docs/reliability/DATE.txt at the end")
    parser.add_argument("--keep", action="store_true",
                        help="keeps the folders of good runs too")
    return parser.parse_args()


def main():
    args = options()
    form = SHORT if args.short else LONG
    total = Sum(args)
    for seed in range(args.seed, args.seed + args.runs):
        store = args.store or STORES[seed % len(STORES)]
        folder = Path(tempfile.mkdtemp(prefix="gong-faults-"))
        name = f"seed {seed}, {store}"
        print(f"{name}:", flush=True)
        try:
            verdict, faults = one_run(folder, store, seed, form)
            violations = verdict.violations
        except Failure as failure:
            violations = [str(failure)]
        if violations:
            print("\n".join(f"  VIOLATION {text}" for text in violations))
            print(f"{name}: after {len(total.lines)} good runs; "
                  f"kept: {folder}")
            sys.exit(1)
        total.add(name, verdict.figures, faults)
        print("  " + total.lines[-1], flush=True)
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(total.text())
    if args.report:
        total.write()


if __name__ == "__main__":
    main()
