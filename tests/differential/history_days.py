"""Days of samples: the history, its blocks made one and rolled up, against the
real Prometheus.

    history_days.py --binary HISTORY_CASES

What roll-ups answer, what they must not, and what lies on the ends of
intervals, blocks and days.
"""

import argparse
import itertools
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))
sys.path.insert(0, str(HERE))

from local.process import Failure  # noqa: E402

from compare import Difference, compare  # noqa: E402
from dataset import DataSet, Series  # noqa: E402
from ours import GongRules  # noqa: E402
from reference import Reference  # noqa: E402

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 20_000 * DAY  # a day begins there
SPAN = 3 * DAY
LOOKBACK, SUBQUERY_STEP = 300_000, 60_000
HISTORIES = 8  # the same samples, written in other ways

EXPRESSIONS = (
    "temp", "timestamp(temp)", "count(temp)", "temp offset 1h",
    "temp offset -10m", "temp offset 7m", "temp - temp offset 1d",
    "max_over_time(temp[1h])", "min_over_time(temp[15m])",
    "max_over_time(temp[2h] offset 5m)", "min_over_time(temp[7m])",
    "present_over_time(temp[10m])", 'absent_over_time(temp{inst="i3"}[1h])',
    'absent(temp{inst="i3"})', "last_over_time(temp[1h])",
    "avg_over_time(temp[1h])", "sum_over_time(temp[2h])",
    "count_over_time(temp[1h])", "rate(temp[1h])", "changes(temp[2h])",
    "max_over_time(temp[6h:5m])", "max_over_time(temp[6h:1h] offset 1h)",
    "min_over_time(max_over_time(temp[10m])[1h:10m])",
    "max_over_time(rate(temp[10m])[2h:5m])", "temp @ start()",
    f"temp @ {(START + DAY) // 1000}",
    f"max_over_time(temp[1d] @ {(START + 2 * DAY) // 1000})")

# From the start on; the last ones are beside all grids.
TIMES = ((0, SPAN, HOUR), (0, SPAN, 5 * MINUTE), (DAY, SPAN, 15 * MINUTE),
         (DAY + 5 * MINUTE, SPAN + 2 * HOUR, HOUR), (-HOUR, SPAN, 2 * HOUR),
         (DAY // 2, SPAN, 7 * MINUTE), (DAY + 12_345, SPAN, HOUR))


class Days(DataSet):
    """Few series, on grids that meet the ends of intervals or just miss."""

    def __init__(self):
        self.number = 0
        self.series = [self.make(*one) for one in (
            ("i1", MINUTE, 0), ("i2", 5 * MINUTE, 0), ("i3", 47_000, 0),
            ("i4", 5 * MINUTE, 1), ("i5", 2 * HOUR, 0), ("i6", MINUTE, -1))]

    @staticmethod
    def make(inst, step, beside):
        rng = random.Random(f"days:{inst}")
        samples, at, value = [], START + beside, 20.0
        while at < START + SPAN:
            value = round(value + rng.uniform(-1, 1), 1)
            roll = rng.random()
            # A stale marker is None; NaN is a value.
            samples.append((at, None if roll < 0.002 else
                            float("nan") if roll < 0.004 else value))
            if roll > 0.996:
                at += rng.randrange(30) * step
            at += step
        return Series({"__name__": "temp", "inst": inst, "ds": "0"}, samples)


def cases():
    for expr, (begin, end, step) in itertools.product(EXPRESSIONS, TIMES):
        yield {"expr": expr, "from": START + begin, "to": START + end,
               "step": step}


def run(binary, folder):
    days, asked = Days(), list(cases())
    server = Reference(folder, "prometheus", LOOKBACK, SUBQUERY_STEP).start()
    wrong = 0
    try:
        server.load(days)
        truths = [server.ask_json(case) for case in asked]
        for number in range(HISTORIES):
            name = Path(folder) / f"days-{number}.prom"
            name.write_text(days.text())
            batch = Path(folder) / f"batch-{number}"
            batch.mkdir()
            ours = GongRules(binary)
            answers = ours.end(ours.begin(
                [{**case, "data": str(name), "lookback": LOOKBACK,
                  "subquery_step": SUBQUERY_STEP} for case in asked], batch))
            for case, truth, answer in zip(asked, truths, answers):
                try:
                    compare(truth, answer)
                except Difference as difference:
                    wrong += 1
                    print(f"history {number}: {case}: {difference}")
    finally:
        server.stop()
    full = sum(bool(truth["data"]["result"]) for truth in truths)
    print(f"{len(asked)} questions to {HISTORIES} histories: {wrong} "
          f"differences; {full} have an answer")
    return 1 if wrong or full < len(asked) * 0.8 else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gong-differential-") as folder:
        return run(args.binary, folder)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
