"""Some data sets with their cases: loaded, asked on both sides, compared."""

import json
import re
import tempfile
from pathlib import Path

import reference
from cases import CASES_PER_SET, Case, settings_of
from compare import (Difference, compare, compare_points, kind_of, moves, points,
                     same_number)
from dataset import DataSet
from node import bracket
from ours import Liar
from tally import Found


# What chooses among equal values, or adds in an order that is left to chance.
CHOICE = re.compile(r"topk|bottomk|sum|avg|stddev|stdvar")
ASKED_AGAIN = 60


class Job:
    def __init__(self, seed, numbers, ours):
        self.seed, self.numbers, self.ours = seed, numbers, ours
        self.ports = None


class Connected(reference.Reference):
    """A server that another process has started."""

    def __init__(self, port):
        import threading
        from concurrent.futures import ThreadPoolExecutor
        self.port = port
        self.local = threading.local()
        self.pool = ThreadPoolExecutor(3)
        self.process = None


class Bench:
    """Both sides with the chunk's data sets loaded."""

    def __init__(self, job, folder):
        self.folder = Path(folder)
        self.ours = job.ours
        self.servers = {pair: Connected(port)
                        for pair, port in job.ports.items()}
        self.sets = {}
        for number in sorted({n // CASES_PER_SET for n in job.numbers}):
            made = DataSet(job.seed, number)
            self.server(number).load(made)
            self.path(number).write_text(made.text())
            made.series = None
            self.sets[number] = made
        self.count = 0

    def server(self, set_number):
        return self.servers[settings_of(set_number)]

    def path(self, set_number):
        return self.folder / f"{set_number}.prom"

    def line(self, case, query):
        return {**query, "data": str(self.path(case.set_number)),
                "lookback": case.lookback, "subquery_step": case.subquery_step}

    def ask_both(self, pairs):
        """[(case, query)] -> [(expected, got)]."""
        if isinstance(self.ours, Liar):
            truths = self.ask_reference(pairs)
            return [(json.loads(truth), self.ours.answer(case, truth))
                    for (case, _), truth in zip(pairs, truths)]
        self.count += 1
        folder = self.folder / f"batch-{self.count}"
        folder.mkdir()
        begun = self.ours.begin([self.line(case, query)
                                 for case, query in pairs], folder)
        truths = [json.loads(truth) for truth in self.ask_reference(pairs)]
        return list(zip(truths, self.ours.end(begun)))

    def ask_reference(self, pairs):
        futures = [self.server(case.set_number).pool.submit(
            self.server(case.set_number).ask, query) for case, query in pairs]
        return [future.result() for future in futures]


def run(job, tell=False):
    with tempfile.TemporaryDirectory(prefix="gong-chunk-") as folder:
        bench = Bench(job, folder)
        cases = [Case(job.seed, number, bench.sets[number // CASES_PER_SET])
                 for number in job.numbers]
        found = Found()
        answers = bench.ask_both([(case, case.query()) for case in cases])
        for case, (expected, got) in zip(cases, answers):
            if tell:
                print(json.dumps(expected, ensure_ascii=False)[:20_000])
                print(json.dumps(got, ensure_ascii=False)[:20_000])
            judge(bench, case, expected, got, found)
        if isinstance(job.ours, Liar):
            found.lies = job.ours.lies
        return found


def steps_of(case):
    when = case.when
    return 1 if "at" in when else (when["to"] - when["from"]) // when["step"] + 1


def sorts(case):
    """Is the order of the result a part of it?"""
    return case.expr.startswith("sort") and case.root.call


def judge(bench, case, expected, got, found):
    try:
        rounded = compare(expected, got, sorts(case))
    except Difference as difference:
        if excused(bench, case, expected, got, found):
            return
        found.different(case, *smallest(bench, case, str(difference)))
        found.count(case, expected, got, False)
        return
    found.rounded += bool(rounded)
    found.count(case, expected, got, moves(expected, steps_of(case)))


def excused(bench, case, expected, got, found):
    """What the reference itself leaves open, and what is left out: counted."""
    if isinstance(bench.ours, Liar):
        return False
    if by_step(bench, case, expected, got):
        found.count(case, got, got, moves(got, steps_of(case)))
        found.by_step += 1
        return True
    if at_odds_with_itself(bench, case):
        found.cases += 1
        found.by_chance += 1
        return True
    parts = part_answers(bench, case)
    if reference_wrong(parts):
        found.cases += 1
        found.reference_wrong += 1
        return True
    if within_tolerance(parts):
        found.cases += 1
        found.left_out += 1
        found.left_out_names.append(f"{case.name()}: {case.expr}")
        return True
    return False


def at_odds_with_itself(bench, case):
    """Does the reference answer the same question in several ways?"""
    if not CHOICE.search(case.expr):
        return False
    first, *others = [json.loads(truth) for truth in
                      bench.ask_reference([(case, case.query())] * ASKED_AGAIN)]
    for other in others:
        try:
            compare(first, other)
        except Difference:
            return True
    return False


def by_step(bench, case, expected, got):
    """Over a range Prometheus hands on series in a random order, so that of
    equal values topk() takes any, and it is an error when two series with the
    same labels never meet at one step. Then its answers at single instants
    count; where these are at random too, each of some must be ours once."""
    if got["status"] == "error" or "at" in case.when and not by_chance(case.expr):
        return False
    if expected["status"] == "error" and kind_of(expected) != "same-labelset":
        return False
    if "start()" in case.expr or "end()" in case.expr:
        return False
    ours = points(got["data"])
    return all(at_step(bench, case, stamp, ours)
               for stamp in stamps_of(case))


def by_chance(expr):
    """Has a single instant a random order? In a subquery, and of histograms."""
    return re.search(r"\[\w*:|histogram_quantile", expr) is not None


def stamps_of(case):
    when = case.when
    if "at" in when:
        return [when["at"]]
    return range(when["from"], when["to"] + 1, when["step"])


def at_step(bench, case, stamp, ours):
    want = {key: {stamp: values[stamp]} for key, values in ours.items()
            if stamp in values}
    query = {"expr": case.expr, "at": stamp}
    for attempt in (1, 20):
        for truth in bench.ask_reference([(case, query)] * attempt):
            truth = json.loads(truth)
            if truth["status"] == "error":
                return False
            try:
                compare_points(points(truth["data"]), want)
                return True
            except Difference:
                pass
        if attempt == 1 and not by_chance(case.expr):
            return False
    return False


def reference_wrong(parts):
    """Is the first part that differs one where Go's library is known to be off?
    Its logarithm on amd64 takes numbers below 2^-1022 for normal ones, and so
    does its power with a broken exponent, which is made of it; its exponential
    overflows from 2^1023.5 on; its sines near their zeros miss more than the
    last bits."""
    answers = {}
    for node, (expected, got) in parts:
        answers[node.text] = expected
        try:
            compare(expected, got)
        except Difference:
            return all(known_wrong(node.text, there, here)
                       or tiny_base(node, answers, stamp)
                       for stamp, there, here in pairs_that_differ(expected,
                                                                   got))
    return False


def tiny_base(node, answers, stamp):
    """Has x ^ y an x below 2^-1022 at that step?"""
    if not node.binary or \
            not node.text.startswith(bracket(node.kids[0]) + " ^"):
        return False
    base = answers.get(node.kids[0].text)
    if base is None or base["status"] == "error":
        return False
    return any(0 < abs(float(values[stamp])) < 2.0 ** -1022
               for values in points(base["data"]).values() if stamp in values)


def known_wrong(text, there, here):
    if there is None or here is None:
        return False
    there, here = float(there), float(here)
    if text.startswith("ln("):
        return there < -708.3 and here < -708.3
    if text.startswith("log10("):
        return there < -307.6 and here < -307.6
    if text.startswith(("exp(", "sinh(", "cosh(")):
        least = 2.0 ** 1023.5 / (1 if text.startswith("exp(") else 2)
        return abs(there) == float("inf") and there * here > 0 \
            and abs(here) > least * (1 - 1e-12)
    return text.startswith(("sin(", "cos(", "tan(")) and \
        abs(there) < 1e-10 and abs(there - here) < 1e-24


def pairs_that_differ(expected, got):
    if expected["status"] == "error" or got["status"] == "error":
        return [(None, None, None)]
    there, here = points(expected["data"]), points(got["data"])
    return [(stamp, value, other) for key in there.keys() | here.keys()
            for stamp in there.get(key, {}).keys() | here.get(key, {}).keys()
            for value, other in [(there.get(key, {}).get(stamp),
                                  here.get(key, {}).get(stamp))]
            if value is None or other is None
            or same_number(value, other) is None]


def parts_of(case):
    """The subexpressions that stand alone, smallest first."""
    seen = {}
    for node in case.root.walk():
        if node.type != "matrix":
            seen.setdefault(node.text, node)
    return sorted(seen.values(), key=lambda node: len(node.text))


def part_answers(bench, case):
    nodes = parts_of(case)
    answers = bench.ask_both([(case, case.query(node.text))
                              for node in nodes])
    return list(zip(nodes, answers))


def smallest(bench, case, text):
    """The smallest subexpression that differs, and how."""
    if isinstance(bench.ours, Liar):
        return case.expr, text
    for node, (expected, got) in part_answers(bench, case):
        try:
            compare(expected, got)
        except Difference as difference:
            return node.text, str(difference)
    return case.expr, text


def within_tolerance(parts):
    """Does the first part that differs decide on operands that are the same
    within the tolerance, but not to the bit? Then either answer is right."""
    rounded = {}
    for node, (expected, got) in parts:
        try:
            rounded[node.text] = compare(expected, got)
        except Difference:
            return rounded_below(node, rounded)
    return False


def rounded_below(node, rounded):
    return any(rounded_below(kid, rounded) if kid.type == "matrix"
               else rounded.get(kid.text) for kid in node.kids)
