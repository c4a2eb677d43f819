"""Series for a rule's own selectors, with values around its own numbers."""

import json
import random

from reading import Reading, value_for

LADDER = (15, 30, 60, 120, 300, 600, 1800, 3600, 21600, 43200, 86400)
STEPS = 20
BOUNDS = ("0.005", "0.1", "1", "10", "100", "1000", "+Inf")
GROWING = {"rate", "increase", "irate", "deriv", "delta", "idelta",
           "predict_linear"}
RANK = "rank of its bound"
CHANGING = {"changes", "resets"}


def word(text):
    return json.dumps(text, ensure_ascii=False)


class Data:
    """One attempt at making a rule fire."""

    def __init__(self, rule, seed, attempt):
        self.rule, self.attempt = rule, attempt
        self.rng = random.Random(f"{seed}:{rule.name}:{attempt}")
        self.reading = Reading(rule.expr)
        long = rule.wait + self.reading.longest
        if "time" in self.reading.functions:
            largest = [1, 1] + self.reading.numbers
            long += min(2 * 86400, largest[-1] * 1.3 * (
                largest[-2] if "/" in rule.expr else 1))
        self.every = next((step for step in LADDER if step * STEPS >= long * 1.5
                           + 3 * step), LADDER[-1])
        ranges = [one.range for one in self.reading.selectors if one.range]
        self.step = max(15, min([60 if long < 43200 else 240] +
                                [int(length) // 4 for length in ranges]))
        if self.every < self.step:
            self.every = next(step for step in LADDER if step >= self.step)
        self.last = self.every * STEPS
        while self.last < long + 3 * self.every:
            self.last += self.every
        self.count = int(self.last / self.step) + 1
        self.values_of = {}  # of labels, by their matchers
        self.agreed = self.agree() if self.rng.random() < 0.5 else {}
        self.series = list(self.make())

    def times(self):
        return range(0, self.last + 1, self.every)

    def value_for(self, name, matchers):
        mine = tuple(one for one in matchers if one[0] == name)
        if mine not in self.values_of:
            self.values_of[mine] = value_for(name, matchers, self.rng)
        return self.values_of[mine]

    def agree(self):
        """What the matchers of one selector ask for, for all of them."""
        agreed = {}
        for selector in self.reading.selectors:
            for name, _, _ in selector.matchers:
                if name != "__name__" and name not in self.reading.without:
                    agreed.setdefault(
                        name, self.value_for(name, selector.matchers))
        return {name: value for name, value in agreed.items() if value}

    def make(self):
        seen = set()
        rng = self.rng
        units = rng.choice((1, 1, 2))
        apart = rng.choice(["instance"] + self.reading.labels)
        shared = {name: f"{name}-1" for name in
                  sorted(set(self.reading.labels) | set(self.rule.shown))
                  if name not in ("le", "__name__")}
        if rng.random() < 0.8 or "instance" in shared:
            shared.setdefault("instance", "instance-1")
        if rng.random() < 0.5:
            shared.setdefault("job", "job-1")
        shared.update(self.agreed)
        if rng.random() < 0.12:
            shared = {}
        missing = "absent" in self.rule.expr and rng.random() < 0.6
        for selector in self.reading.selectors:
            if missing or rng.random() < 0.07:
                continue
            for unit in range(units):
                own = {**shared, apart: "another"} if unit else shared
                for name, labels in self.label_sets(selector, own):
                    rank = labels.pop(RANK, None)
                    text = ", ".join(f"{key}={word(value)}" for key, value in
                                     sorted(labels.items()))
                    if name and (name, text) not in seen:
                        seen.add((name, text))
                        yield f"{name}{{{text}}}", self.values(selector, rank)

        yield from self.twins(shared, seen)

    def twins(self, shared, seen):
        """Where sides meet on some labels only, and one looks back, another
        series of the same ones: it can be now what the first never was."""
        if self.attempt % 2 == 0 or "on" not in self.reading.lists:
            return
        for selector in self.reading.selectors:
            if not selector.offset:
                continue
            for name, labels in self.label_sets(selector,
                                                {**shared, "part": "2"}):
                labels.pop(RANK, None)
                text = ", ".join(f"{key}={word(value)}" for key, value in
                                 sorted(labels.items()))
                if name and (name, text) not in seen:
                    seen.add((name, text))
                    yield f"{name}{{{text}}}", line(1, 0, self.count)

    def label_sets(self, selector, shared):
        matched = {name for name, _, _ in selector.matchers}
        labels = dict(shared)
        for name in sorted(matched):
            value = self.value_for(name, selector.matchers)
            if value is None:
                return
            labels[name] = value
        name = labels.pop("__name__", None) or selector.metric
        labels = {key: value for key, value in labels.items() if value}
        if name.endswith("_bucket"):
            if "le" not in matched:
                # The higher the bound, the more.
                for rank, bound in enumerate(self.bounds()):
                    yield name, {**labels, "le": bound, RANK: rank}
                return
        yield name, labels

    def bounds(self):
        known = {float(bound): bound for bound in BOUNDS}
        for value in self.reading.numbers:
            known.setdefault(value * 2, number(value * 2))
        return [known[value] for value in sorted(known)]

    def amount(self):
        rng = self.rng
        base = rng.choice(self.reading.numbers or [1])
        return rng.choice((
            0, 1, base, base, base * 1.01, base * 0.99, base + 1, base - 1,
            base * 2, base * 2, base / 2, base * 100, -base, -2 * base, 2, 3,
            0.5, 0.95, 100, 1e4, 1e6, 1e9, 1e12))

    def values(self, selector, rank):
        rng = self.rng
        count = self.count
        if rank is not None:
            slope = self.slope()
            spread = rng.choice((0, 3, 5, 6, 7))
            return line(0, slope * (rank >= spread), count)
        if selector.fn in CHANGING or rng.random() < 0.04:
            low, high = self.amount(), self.amount()
            return " ".join(number(high if n % 2 else low)
                            for n in range(min(count, 4000)))
        if selector.fn in GROWING and rng.random() < 0.8 or (
                rng.random() < 0.1):
            return line(self.amount() if rng.random() < 0.5 else 0,
                        self.slope() * rng.choice((1, 1, 1, -1)), count)
        shape = rng.random()
        if any(one.offset for one in self.reading.selectors) and (
                rng.random() < 0.5):
            shape = 0.8
        if shape < 0.75:
            return line(self.amount(), 0, count)
        if shape < 0.85:
            half = count // 2
            return (line(self.amount(), 0, half) + " " +
                    line(self.amount(), 0, count - half))
        if shape < 0.95:
            part = count * 2 // 3
            end = rng.choice(("stale", "NaN", "_x5", "+Inf", "-Inf"))
            return line(self.amount(), 0, part) + f" {end} " + line(
                self.amount(), 0, max(2, count // 4))
        return line(self.amount(), 0, max(2, count * 2 // 3))

    def slope(self):
        rng = self.rng
        base = rng.choice(self.reading.numbers or [1])
        return self.step * rng.choice((
            0, 0.001, 0.01, 0.1, 1, 10, 100, 1e4, 1e7, base, base * 2,
            base / 60, base / 50, base / 200, base / 100))


def number(value):
    return f"{value:.15g}"


def line(start, slope, count):
    sign = "-" if slope < 0 else "+"
    return f"{number(start)}{sign}{number(abs(slope))}x{max(count, 1)}"
