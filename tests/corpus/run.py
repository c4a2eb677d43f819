"""Published alert rules, on series made for their own selectors.

    run.py --seed 1                 all of them
    run.py --rule redis             those whose name has the word
    run.py --keep DIR               keeps the files that differ

For each rule data is made from its own selectors, labels and numbers, in
several random attempts, until an alert fires. The real promtool says which
alerts there are at each step of such data, with their labels and rendered
annotations, and `gong-rules test` has to say the same; and to be silent where
promtool is. Attempts are first tried on ours, which is fast; rules that ours
never lets fire are tried on promtool all the same.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))
sys.path.insert(0, str(HERE))

from local.process import Failure  # noqa: E402
from local.programs import BIN  # noqa: E402
from local.servers import binary  # noqa: E402

import published  # noqa: E402
from files import BATCH, File, Verdict, run  # noqa: E402
from series import Data  # noqa: E402

SKIPPED = 77
WANTED = 0.97
ATTEMPTS = 96  # on ours
ROUND = 8
ASKED = 10  # on promtool, where ours never fires


class Found:
    """What became of one rule."""

    def __init__(self, rule):
        self.rule = rule
        self.fires = self.asked = 0
        self.refused = None
        self.differences = []
        self.alerts = 0


def attempt(job):
    """Runs some rules on both programs; one Found for each."""
    rules, args, root = job
    folder = Path(tempfile.mkdtemp(prefix="batch-", dir=root))
    ours = [args.binary, "test"]
    theirs = [str(binary("usr/bin/promtool")), "test", "rules"]
    found = {rule.number: Found(rule) for rule in rules}
    ask = choose(rules, args, folder, ours, found)
    verdicts = [Verdict(text) for text in
                run(theirs, [file.path for file in ask])]
    for file, verdict in zip(ask, verdicts):
        one = found[file.data.rule.number]
        one.asked += 1
        if verdict.alerts:
            one.fires += 1
            one.alerts += sum(map(len, verdict.alerts.values()))
            file.expected = verdict.alerts
            file.write()
    answers = [Verdict(text) for text in
               run(ours, [file.path for file in ask])]
    for file, verdict, answer in zip(ask, verdicts, answers):
        judge(found[file.data.rule.number], file, verdict, answer, args)
    shutil.rmtree(folder)
    return list(found.values())


def choose(rules, args, folder, ours, found):
    """The attempts to ask promtool about."""
    ask, tried, left = [], {rule.number: [] for rule in rules}, list(rules)
    for first in range(0, ATTEMPTS, ROUND):
        files = [File(folder, Data(rule, args.seed, first + n))
                 for rule in left for n in range(ROUND)]
        for file in files:
            file.write()
        for file, text in zip(files, run(ours, [f.path for f in files])):
            tried[file.data.rule.number].append((file, Verdict(text)))
        left = [rule for rule in left if not any(
            verdict.fired for _, verdict in tried[rule.number])]
    for rule in rules:
        all_ = tried[rule.number]
        fired = [file for file, verdict in all_ if verdict.fired]
        quiet = [file for file, verdict in all_ if verdict.passed]
        wrong = [file for file, verdict in all_ if verdict.error is not None]
        if fired:
            ask += fired[:args.firing] + quiet[:1] + wrong[:1]
        else:
            ask += (quiet + wrong)[:ASKED]
    return ask


def judge(one, file, verdict, answer, args):
    same = answer.passed if verdict.error is None else (
        answer.error is not None)
    if same:
        return
    if answer.error is not None and verdict.error is None:
        one.refused = answer.error
    one.differences.append(
        f"{file.path.name}: promtool: " +
        ("alerts as expected" if verdict.alerts else
         "nothing" if verdict.passed else verdict.error) +
        "\n  ours: " + answer.text.strip()[:1500])
    if args.keep:
        Path(args.keep).mkdir(parents=True, exist_ok=True)
        for path in (file.rules, file.path):
            shutil.copy(path, args.keep)


def reasons():
    """Rules that are known not to be equal, or not to fire, and why."""
    known = {}
    for line in (HERE / "reasons.txt").read_text(encoding="utf-8").splitlines():
        name, _, why = line.partition(" | ")
        if why and not line.startswith("#"):
            known[name.strip()] = why.strip()
    return known


def report(found, known, whole):
    """Prints what was found; the exit status."""
    fired = [one for one in found if one.fires]
    equal = [one for one in fired if not one.differences]
    budget = [one for one in found if one.refused and "bytes" in one.refused]
    unknown = [one.rule.name for one in found
               if (one.differences or not one.fires) and
               one.rule.name not in known]
    for one in found:
        for text in one.differences:
            print(f"DIFFERENT {one.rule.name}: {text}\n    {one.rule.expr}")
    for one in found:
        if not one.fires:
            print(f"never fired: {one.rule.name}: {one.rule.expr} "
                  f"({known.get(one.rule.name, 'no reason is known')})")
    stale = sorted(name for name in known if whole and name in {
        one.rule.name for one in equal})
    print(f"{len(found)} rules: {len(fired)} ({share(fired, found)}) could be "
          f"made to fire, {sum(one.alerts for one in found)} alerts in "
          f"{sum(one.asked for one in found)} files; of those that fire "
          f"{len(equal)} ({share(equal, fired)}) fire as in Prometheus, "
          f"{len(budget)} were refused by the memory budget")
    for name in unknown:
        print(f"no reason is known for {name}")
    for name in stale:
        print(f"reasons.txt: {name} fires as it should by now")
    if whole and len(equal) < WANTED * len(fired):
        print(f"FAILED: expected {WANTED:.0%}")
        return 1
    return 1 if unknown or stale else 0


def share(part, all_):
    return f"{100 * len(part) / max(1, len(all_)):.1f} %"


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="1")
    parser.add_argument("--rule", default="", metavar="WORD")
    parser.add_argument("--firing", type=int, default=1, metavar="N",
                        help="so many firing attempts of each rule")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--binary", default=str(BIN / "gong-rules"))
    parser.add_argument("--shared", default=str(HERE.parents[2] / "shared"))
    parser.add_argument("--keep", metavar="DIR")
    return parser.parse_args()


def main():
    args = options()
    begun = time.monotonic()
    rules = [rule for rule in published.load(args.shared)
             if args.rule in rule.name]
    if not rules:
        print(f"SKIPPED: no rules at {args.shared}/{published.FOLDER}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="gong-corpus-") as folder:
        jobs = [(rules[first:first + BATCH], args, folder)
                for first in range(0, len(rules), BATCH)]
        with multiprocessing.Pool(args.jobs) as pool:
            found = [one for some in pool.imap(attempt, jobs) for one in some]
    print(f"{time.monotonic() - begun:.0f} s, seed {args.seed}")
    return report(found, reasons(), not args.rule)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
