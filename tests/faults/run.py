"""Kills, stops and cuts off parts under load and judges that nothing was lost
and nothing doubled.

    run.py --short --store influxdb --seed 7     one run
    run.py --runs 20 --seed 7 [--report FILE]    a run after the other, through
                                                 all stores; the first violation
                                                 ends it and names the seed
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from plan import LONG, SHORT, make_plan
from town import Failure, Town, wait_until
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
        verdict.figures.update(
            unsettled_least=min(unsettled), cut_requests=len(
                town.links["store-link"].cut),
            settle_s=round(settled - settling, 1),
            seconds=round(time.monotonic() - began))
        return verdict, town.counts
    finally:
        town.close()


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true",
                        help="one small run, as in every test")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORES,
                        help="always this one; else one after the other")
    parser.add_argument("--report", type=Path, help="written at the end")
    parser.add_argument("--keep", action="store_true",
                        help="keeps the folders of good runs too")
    return parser.parse_args()


def main():
    args = options()
    form = SHORT if args.short else LONG
    lines, totals = [], {}
    for seed in range(args.seed, args.seed + args.runs):
        store = args.store or STORES[seed % len(STORES)]
        folder = Path(tempfile.mkdtemp(prefix="gong-faults-"))
        print(f"seed {seed}, {store}:", flush=True)
        try:
            verdict, counts = one_run(folder, store, seed, form)
            violations = verdict.violations
        except Failure as failure:
            violations = [str(failure)]
        if not violations:
            figures = " ".join(f"{name}={value}" for name, value
                               in verdict.figures.items())
            lines.append(f"seed {seed} {store} ok: {figures}")
            for kind, count in counts.items():
                totals[kind] = totals.get(kind, 0) + count
            print(f"  ok: {figures}", flush=True)
            if not args.keep:
                shutil.rmtree(folder, ignore_errors=True)
            continue
        print("\n".join(f"  VIOLATION {text}" for text in violations))
        print(f"seed {seed}, {store}; kept: {folder}")
        sys.exit(1)
    print("faults: " + " ".join(f"{kind}={count}" for kind, count
                                in sorted(totals.items())))


if __name__ == "__main__":
    main()
