"""What was compared, what differed, and what the cases covered."""

import collections

from compare import kind_of
from grammar import FEATURES

# At 100,000 cases each feature moves in at least so many; else in proportion.
LEAST_AT_100000 = 500
LARGEST_ERROR_SHARE = 0.05
LARGEST_LEFT_OUT = 0.001
LEAST_DEEP_SHARE = 1 / 3


class Found:
    """The result of one chunk; goes from process to process."""

    def __init__(self):
        self.cases = self.errors = self.our_errors = 0
        self.moving = self.deep = self.rounded = self.points = 0
        self.left_out = self.by_step = self.by_chance = 0
        self.reference_wrong = 0
        self.features = collections.Counter()
        self.kinds = collections.Counter()
        self.differences = []
        self.left_out_names = []
        self.lies = set()

    def count(self, case, expected, got, moves):
        self.cases += 1
        self.deep += case.deep()
        self.our_errors += got["status"] == "error"
        if expected["status"] == "error":
            self.errors += 1
            self.kinds[kind_of(expected)] += 1
            return
        if expected["data"]["resultType"] == "matrix":
            self.points += sum(len(one["values"])
                               for one in expected["data"]["result"])
        if moves:
            self.moving += 1
            self.features.update(case.features)

    def different(self, case, part, text):
        self.differences.append({
            "name": case.name(), "expr": case.expr, "part": part,
            "number": case.number,
            "text": f"{case.expr}\n    differs in {part}\n    {text}\n"
                    f"    again: ./gong test --differential --case "
                    f"{case.name()}"})


class Tally(Found):
    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def add(self, found):
        for name in ("cases", "errors", "our_errors", "moving", "deep",
                     "rounded", "points", "left_out", "by_step", "by_chance",
                     "reference_wrong"):
            setattr(self, name, getattr(self, name) + getattr(found, name))
        self.features.update(found.features)
        self.kinds.update(found.kinds)
        self.differences += found.differences
        self.left_out_names += found.left_out_names
        self.lies |= found.lies
        for difference in found.differences:
            print("DIFFERENT " + difference["text"], flush=True)

    def progress(self, wanted):
        print(f"  {self.cases} of {wanted} cases, {len(self.differences)} "
              "differences", flush=True)

    def too_many(self, limit):
        return len(self.differences) >= limit

    def table(self):
        """Cases with a result that moves, for each feature, in columns."""
        cells = [f"{name:<31}{self.features[name]:>7}" for name in FEATURES]
        rows = -(-len(cells) // 3)
        for row in range(rows):
            print("   ".join(cells[row::rows]).rstrip())

    def least(self):
        return max(1, LEAST_AT_100000 * self.cases // 100_000)

    def complaints(self):
        cases = max(self.cases, 1)
        if self.differences:
            yield f"{len(self.differences)} differences"
        if not self.cases:
            yield "nothing was compared"
        if self.errors > LARGEST_ERROR_SHARE * cases:
            yield f"{self.errors} errors of the reference are too many"
        if self.our_errors > LARGEST_ERROR_SHARE * cases:
            yield f"{self.our_errors} errors of ours are too many"
        unjudged = self.left_out + self.by_chance + self.reference_wrong
        if unjudged > max(5, LARGEST_LEFT_OUT * cases):
            yield f"{unjudged} cases left out are too many"
        if self.deep < LEAST_DEEP_SHARE * cases:
            yield f"only {self.deep} cases are nested three deep"
        if cases < 2000:
            return
        for name in FEATURES:
            if self.features[name] < self.least():
                yield (f"{name} moves in {self.features[name]} cases, fewer "
                       f"than {self.least()}")

    def verdict(self):
        self.table()
        print(f"{self.cases} cases (seed {self.seed}), {self.points} points: "
              f"{len(self.differences)} differences; {self.moving} results "
              f"move, {self.deep} are nested three deep or deeper")
        print(f"{self.errors} errors there, {self.our_errors} here: "
              + ", ".join(f"{count} {kind}" for kind, count
                          in self.kinds.most_common()))
        print(f"{self.rounded} cases with other bits within the tolerance; "
              f"left out {self.left_out}: decided on operands within it; "
              f"{self.reference_wrong}: Go's library is off; "
              f"{self.by_chance}: the reference is at odds with itself; "
              f"{self.by_step} judged step by step")
        complaints = list(self.complaints())
        for complaint in complaints:
            print(f"FAILED: {complaint}")
        return 1 if complaints else 0
