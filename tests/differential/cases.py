"""Case N of seed S: one expression, one data set, and when to ask."""

import random

from dataset import SPAN_MS, DataSet
from grammar import Grammar
from language import FEATURES
from node import Node

CASES_PER_SET = 40
STEPS_MS = (15_000, 30_000, 30_000, 60_000, 60_000, 20_000, 47_123, 90_000)
LONGEST = 900

# What says something less often than the rest has a second turn.
TURNS = FEATURES + ("absent()", "absent_over_time()", "sort()", "sort_desc()",
                    "histogram_quantile()", "pi()", "sort()", "sort_desc()",
                    "absent()", "absent_over_time()", "modifier @",
                    "modifier @ start()", "modifier @ end()")

# Look-back and the step of [5m:]: one reference for each. Sets take turns.
SETTINGS = ((300_000, 60_000), (300_000, 60_000), (90_000, 20_000))


def settings_of(set_number):
    return SETTINGS[set_number % len(SETTINGS)]


def faulty(grammar, rng):
    """What must be an error, on both sides and of the same kind."""
    ds = f'ds="{grammar.ds}"'
    return rng.choice((
        f"load{{{ds}}} * on (job) level{{{ds}}}",
        f"load{{{ds}}} + on (job) group_left level{{{ds}}}",
        f"limit{{{ds}}} > on (job) load{{{ds}}}",
        f"sum by (job) (load{{{ds}}}) * on (job) load{{{ds}}}",
        f"load{{{ds}}} * on (inst) group_left (job) level{{{ds}}}",
        f'label_replace(load{{{ds}}}, "inst", "same", "job", ".*")',
        f'label_join(load{{{ds}}}, "inst", "", "nowhere")',
        f'abs({{{ds}, __name__=~"load|tenth"}})',
        f'rate({{{ds}, __name__=~"load|tenth"}}[5m])',
        f'-{{{ds}, __name__=~"load|tenth"}}',
        f'label_replace(load{{{ds}}}, "bad-name", "x", "job", ".*")',
        f'label_replace(load{{{ds}}}, "x", "x", "job", "(.*")',
        f'label_join(load{{{ds}}}, "bad-name", "", "job")',
        f'count_values("bad-name", level{{{ds}}})',
        f"topk(NaN, load{{{ds}}})", f"bottomk(Inf, load{{{ds}}})",
        f"topk(1e300, load{{{ds}}})",
        f"holt_winters(load{{{ds}}}[5m], 0, 0.5)",
        f"holt_winters(load{{{ds}}}[5m], 0.5, 1.5)",
        f"load{{{ds}}} + ", f"sum(load{{{ds}}}", f"rate(load{{{ds}}})",
        f"abs(load{{{ds}}}[5m])", f"1 > 2 + load{{{ds}}} and 3",
        f"load{{{ds}}} and 1", f"sum by (job) load{{{ds}}}",
        f"load{{{ds}}} == bool on (job) group_left (job) limit{{{ds}}}",
        "1 == 2", f'load{{{ds}, job=~"("}}', '{job=~".*"}',
        f"nope(load{{{ds}}})", f"load{{{ds}}}[5m] offset",
        f"round(load{{{ds}}}, 1, 2)", f"-load{{{ds}}}[5m]",
        f"sum(load{{{ds}}})[5m]", f"load{{{ds}}} offset 5",
    ))


class Case:
    def __init__(self, seed, number, dataset=None):
        self.seed, self.number = seed, number
        self.set_number = number // CASES_PER_SET
        rng = random.Random(f"{seed}:case:{number}")
        self.focus = TURNS[number % len(TURNS)]
        self.planned_error = rng.random() < 0.015
        start = (dataset or DataSet(seed, self.set_number)).start
        self.when = self.choose_times(rng, start)
        self.grammar = Grammar(rng, self.set_number, start)
        self.root = self.grow(rng)
        self.features = self.grammar.features
        self.lookback, self.subquery_step = settings_of(self.set_number)

    def grow(self, rng):
        if self.planned_error:
            text = faulty(self.grammar, rng)
            return Node.vector(text, (), False, 0, 1)
        for _ in range(20):
            self.grammar = Grammar(rng, self.set_number, self.grammar.start)
            root = self.grammar.build(self.focus, rng.choice((0, 0, 1, 1, 2)))
            for _ in range(rng.choice((0, 0, 1, 1, 2, 2))):
                root = self.grammar.around(root)
            if len(root.text) <= LONGEST:
                break
        return root

    def choose_times(self, rng, start):
        if self.focus in ("sort()", "sort_desc()") or rng.random() < 0.02:
            return {"at": start + rng.randrange(200_000, SPAN_MS)}
        step = rng.choice(STEPS_MS)
        count = rng.randint(14, 36)
        latest = max(240_000, SPAN_MS + 120_000 - step * count)
        begin = start + rng.randrange(-30_000, latest)
        if rng.random() < 0.7:
            begin -= begin % step
        return {"from": begin, "to": begin + step * count, "step": step}

    @property
    def expr(self):
        return self.root.text

    def query(self, expr=None):
        return {"expr": self.expr if expr is None else expr, **self.when}

    def deep(self):
        return self.root.depth() >= 3

    def name(self):
        return f"{self.seed}:{self.number}"
