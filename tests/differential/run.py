"""Compares our evaluator with the real Prometheus on random cases.

    run.py --cases 4000 --seed 1      so many random cases
    run.py --case 1:1234              one of them again, told in full
    run.py --control                  shows that a lie would be found
    run.py --plants                   shows that planted faults are found

Named cases (cases/*.json) run first: each was a difference once.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))
sys.path.insert(0, str(HERE))

from local.process import Failure  # noqa: E402
from local.programs import BIN  # noqa: E402

import chunks  # noqa: E402
import named  # noqa: E402
from cases import CASES_PER_SET, SETTINGS, Case  # noqa: E402
from dataset import DataSet  # noqa: E402
from ours import GongRules, Liar  # noqa: E402
from reference import Reference  # noqa: E402
from tally import Tally  # noqa: E402

SETS_PER_CHUNK = 10
CHUNKS_PER_SERVER = 40  # then new servers: their memory holds all sets


class Servers:
    """One Prometheus for each pair of look-back and subquery step."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix="servers-", dir=folder)
        self.of = {}
        for number, pair in enumerate(sorted(set(SETTINGS))):
            self.of[pair] = Reference(self.folder, f"prometheus-{number}",
                                      *pair)

    def start(self):
        for server in self.of.values():
            server.start()
        return self

    def stop(self):
        for server in self.of.values():
            server.stop()

    def ports(self):
        return {pair: server.port for pair, server in self.of.items()}


def numbers_of(args):
    """Lists of case numbers, one list a chunk."""
    size = SETS_PER_CHUNK * CASES_PER_SET
    for first in range(0, args.cases, size):
        yield range(first, min(first + size, args.cases))


def run_random(args, folder, ours, tally):
    jobs = [chunks.Job(args.seed, numbers, ours)
            for numbers in numbers_of(args)]
    for first in range(0, len(jobs), CHUNKS_PER_SERVER):
        servers = Servers(folder).start()
        few = jobs[first:first + CHUNKS_PER_SERVER]
        for job in few:
            job.ports = servers.ports()
        try:
            with multiprocessing.Pool(args.jobs) as pool:
                for found in pool.imap_unordered(chunks.run, few):
                    tally.add(found)
                    tally.progress(args.cases)
                    if tally.too_many(args.stop_after):
                        pool.terminate()
                        return
        finally:
            servers.stop()


def run_named(folder, ours, tally):
    cases = named.load(HERE / "cases")
    if not cases:
        return
    servers = Servers(folder).start()
    try:
        tally.add(named.run(cases, servers, ours, folder))
    finally:
        servers.stop()


def run_one(args, folder, ours):
    seed, _, number = args.case.partition(":")
    servers = Servers(folder).start()
    try:
        case = Case(seed, int(number))
        job = chunks.Job(seed, [int(number)], ours)
        job.ports = servers.ports()
        print(json.dumps({**case.query(), "lookback": case.lookback,
                          "subquery_step": case.subquery_step},
                         ensure_ascii=False))
        found = chunks.run(job, tell=True)
        if args.keep:
            part = found.differences[0]["part"] if found.differences else None
            named.keep(HERE / "cases", args.keep, case, part,
                       DataSet(seed, case.set_number).text())
    finally:
        servers.stop()
    for difference in found.differences:
        print(difference["text"])
    print("equal" if not found.differences else "different")
    return 1 if found.differences else 0


def run_control(args, folder):
    """The reference against itself with lies: all of them, and no others."""
    tally = Tally(args.seed)
    run_random(args, folder, Liar(40), tally)
    told = set(tally.lies)
    seen = {one["name"] for one in tally.differences}
    print(f"{tally.cases} cases, {len(told)} lies told, {len(seen)} "
          "differences found")
    for name in sorted(told ^ seen):
        print(f"{'missed' if name in told else 'invented'}: {name}")
    tally.differences = []
    broken = tally.verdict()
    return 0 if told and told == seen and not broken else 1


def options():
    parser = argparse.ArgumentParser(prog="./gong test --differential")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--case", help="SEED:NUMBER: repeats one case")
    parser.add_argument("--keep", metavar="NAME",
                        help="with --case: writes it to cases/NAME.json")
    parser.add_argument("--stop-after", type=int, default=50, metavar="N",
                        help="ends at so many differences")
    parser.add_argument("--binary", default=str(BIN / "gong-rules"))
    parser.add_argument("--show-left-out", action="store_true")
    parser.add_argument("--control", action="store_true")
    parser.add_argument("--plants", action="store_true")
    return parser.parse_args()


def main():
    args = options()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gong-differential-") as folder:
        if args.control:
            return run_control(args, folder)
        if args.plants:
            import plants
            return plants.run(args, folder, Servers)
        ours = GongRules(args.binary)
        if args.case:
            return run_one(args, folder, ours)
        tally = Tally(args.seed)
        run_named(folder, ours, tally)
        run_random(args, folder, ours, tally)
        if args.show_left_out:
            print("\n".join(tally.left_out_names))
        print(f"{time.monotonic() - begun:.0f} s")
        return tally.verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
