"""Random data sets: what a town's series look like, and what they never should.

A data set is made from a seed and its number alone. All of its series carry
the label ds, so that one server can hold many sets and tell them apart.
"""

import random
import struct

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
STALE_BYTES = struct.pack("<Q", 0x7FF0000000000002)
NAN_BYTES = struct.pack("<Q", 0x7FF8000000000001)
SPAN_MS = 2_400_000

JOBS = ("api", "db", "web")
INSTANCES = ("i1", "i2", "i3")
ZONES = ("hn", "pt", "a.b", "đà", "x+y")
BOUNDS = ("0.05", "0.1", "0.5", "1", "2.5", "+Inf")
# Around month ends, leap days, a year's end, and a plain night.
BASES = (1_577_836_200_000, 1_582_934_000_000, 1_609_458_900_000,
         1_677_628_000_000, 1_700_000_000_000, 1_709_164_321_123,
         1_719_791_400_500, 1_000_000_000_000)


class Family:
    """A metric: the labels that tell its series apart, where its values lie."""

    def __init__(self, name, labels, low, high, kind="gauge"):
        self.name, self.labels = name, frozenset(labels)
        self.low, self.high, self.kind = low, high, kind


FAMILIES = (
    Family("temp", ("job", "inst", "dc"), 15, 85),
    Family("load", ("job", "inst"), 0, 1),
    Family("tenth", ("job", "inst"), -1, 3),
    Family("level", ("job", "inst"), 0, 5, "small"),
    Family("flag", ("job", "inst"), 0, 1, "small"),
    Family("req_total", ("job", "inst", "code"), 0, 4000, "counter"),
    Family("bytes_total", ("job", "inst"), 0, 1e13, "counter"),
    Family("lat_bucket", ("job", "inst", "le"), 0, 3000, "bucket"),
    Family("lat_sum", ("job", "inst"), 0, 2000, "counter"),
    Family("info", ("job", "inst", "version"), 1, 1, "info"),
    Family("limit", ("job",), 10, 90),
    Family("wild", ("inst",), -1e308, 1e308, "wild"),
    Family("moment", ("inst",), -5e8, 2e9, "moment"),
    Family("rare", ("inst",), 0, 10),
)
BY_NAME = {family.name: family for family in FAMILIES}

WILD = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 5e-324, -5e-324,
        1.7976931348623157e308, -1.7976931348623157e308, 1e16, 1e16 + 2, 1.0,
        -1.0, 9007199254740993.0, 2.0 ** -1022, 1e-300, 0.1, 3e200, -2.5,
        1.0000000000000002)


def escape(text):
    return (text.replace("\\", "\\\\").replace('"', '\\"')
            .replace("\n", "\\n"))


def render_labels(labels):
    return ",".join(f'{name}="{escape(value)}"'
                    for name, value in labels if name != "__name__")


def render_value(value):
    if value is None:
        return "stale"
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


class Series:
    def __init__(self, labels, samples):
        # As the reference orders them: by name, __name__ among the others.
        self.labels = tuple(sorted(labels.items()))
        self.samples = samples  # (ms, value); None is a stale marker


class DataSet:
    def __init__(self, seed, number):
        self.number = number
        rng = random.Random(f"{seed}:set:{number}")
        self.rng = rng
        self.start = rng.choice(BASES) + rng.choice(
            (0, 0, 0, rng.randrange(60_000), rng.randrange(10_000)))
        if rng.random() < 0.6:
            self.start -= self.start % 60_000
        # A third of the grids is regular, so that stamps hit window edges.
        self.grid = rng.choice((15_000, 30_000, 20_000, 60_000))
        self.series = []
        for family in FAMILIES:
            self.fill(family)
        self.series.sort(key=lambda one: one.labels)

    def fill(self, family):
        getattr(self, f"fill_{family.name}", None)
        for labels in self.label_sets(family):
            labels = {"__name__": family.name, "ds": str(self.number),
                      **labels}
            stamps = self.stamps(family)
            values = self.values(family, labels, len(stamps))
            samples = self.pierce(list(zip(stamps, values)), family)
            if samples:
                self.series.append(Series(labels, samples))

    def label_sets(self, family):
        rng = self.rng
        if family.labels == {"job"}:
            return [{"job": job} for job in JOBS]
        if family.labels == {"inst"}:
            count = 1 if family.name == "rare" else 3
            return [{"inst": inst} for inst in INSTANCES[:count]]
        pairs = [{"job": job, "inst": inst} for job in JOBS
                 for inst in INSTANCES]
        if family.name in ("load", "tenth"):
            return pairs[:6]
        pairs = sorted(rng.sample(pairs, 4), key=lambda one: tuple(one.values()))
        if family.name == "temp":
            return [{**pair, "dc": rng.choice(ZONES)} for pair in pairs]
        if family.name == "req_total":
            return [{**pair, "code": code} for pair in pairs[:3]
                    for code in ("200", "500")]
        if family.name == "info":
            return [{**pair, "version": rng.choice(("1.0", "1.1"))}
                    for pair in pairs]
        if family.name == "lat_bucket":
            bounds = list(BOUNDS)
            if rng.random() < 0.15:
                bounds.remove(rng.choice(bounds))
            if rng.random() < 0.1:
                bounds.append(rng.choice(("nonsense", "5e0", "0x1")))
            self.bounds = bounds
            return [{**pair, "le": bound} for pair in pairs[:2]
                    for bound in bounds]
        return pairs

    def stamps(self, family):
        rng = self.rng
        mode = rng.choice(("grid", "grid", "regular", "jitter", "random"))
        step = self.grid
        if mode != "grid":
            step = rng.choice((10_000, 15_000, 25_000, 30_000, 45_000, 70_000))
        at = self.start + (0 if mode == "grid" else rng.randrange(step))
        if rng.random() < 0.15:
            at += rng.randrange(SPAN_MS // 3) // step * step
        end = self.start + SPAN_MS
        if rng.random() < 0.15:
            end -= rng.randrange(SPAN_MS // 3)
        stamps = []
        while at <= end:
            stamps.append(at)
            if mode == "jitter":
                at += step + rng.randrange(-step // 5, step // 5)
            elif mode == "random":
                at += max(1, int(rng.expovariate(1 / step)))
            else:
                at += step
        return stamps

    def pierce(self, samples, family):
        """Gaps, half of them opened by a stale marker."""
        rng = self.rng
        gaps = rng.choice((0, 0, 1, 1, 2))
        if family.name in ("rare", "flag"):
            gaps = rng.choice((2, 3))
        for _ in range(gaps):
            if len(samples) < 4:
                break
            at = rng.randrange(1, len(samples) - 1)
            length = rng.choice((40_000, 150_000, 330_000, 600_000))
            begin, end = samples[at][0], samples[at][0] + length
            kept = [one for one in samples if not begin <= one[0] < end]
            if rng.random() < 0.5:
                kept.append((begin, None))
            samples = sorted(kept, key=lambda one: one[0])
        if samples and rng.random() < 0.2:
            last = samples[-1]
            samples.append((last[0] + rng.choice((1, 5_000, 15_000)), None))
        return samples

    def values(self, family, labels, count):
        return getattr(self, "values_" + family.kind)(family, labels, count)

    def values_gauge(self, family, _, count):
        rng = self.rng
        if family.name == "tenth":
            return self.tenths(count)
        width = family.high - family.low
        value = rng.uniform(family.low, family.high)
        digits = rng.choice((0, 1, 1, 2, 17))
        values = []
        for _ in range(count):
            value += rng.gauss(0, width / 12)
            value = min(max(value, family.low), family.high)
            values.append(round(value, digits) if family.name != "load"
                          or digits == 17 else round(value, 3))
        return values

    def tenths(self, count):
        """Steps of 0.1, written as decimals or added up with their error."""
        rng = self.rng
        start = rng.randrange(-10, 10)
        if rng.random() < 0.5:
            return [(start + i % 40) / 10 for i in range(count)]
        values, value = [], start / 10
        for i in range(count):
            values.append(value)
            value = value + 0.1 if i % 40 < 20 else value - 0.1
        return values

    def values_small(self, family, _, count):
        rng = self.rng
        value, values = rng.randint(0, int(family.high)), []
        for _ in range(count):
            if rng.random() < 0.4:
                value = rng.randint(0, int(family.high))
            values.append(float(value))
        return values

    def values_counter(self, family, _, count):
        rng = self.rng
        value = rng.choice((0.0, rng.uniform(0, family.high / 4)))
        whole = rng.random() < 0.6
        step = family.high / max(count, 1) * rng.choice((0.2, 1, 2))
        values = []
        for _ in range(count):
            if rng.random() < 0.04:
                value = rng.choice((0.0, value / 3))
            elif rng.random() < 0.8:
                value += rng.uniform(0, step)
            values.append(float(int(value)) if whole else value)
        return values

    def values_bucket(self, family, labels, count):
        rng = random.Random(f"{self.number}:{labels['job']}:{labels['inst']}:"
                            f"{self.start}")
        rank = self.bounds.index(labels["le"]) + 1
        odd = self.rng.random() < 0.08
        value, values = 0, []
        for _ in range(count):
            value += sum(rng.random() < 0.4 for _ in range(6)) * rank
            if rng.random() < 0.02:
                value = 0
            values.append(float(value + (self.rng.randrange(9) if odd else 0)))
        return values

    def values_info(self, _, __, count):
        return [1.0] * count

    def values_wild(self, _, __, count):
        rng = self.rng
        some = rng.sample(WILD, rng.choice((3, 6, 12)))
        if rng.random() < 0.5:
            some.append(WILD[0])
        value, values = rng.choice(some), []
        for _ in range(count):
            if rng.random() < 0.6:
                value = rng.choice(some)
            values.append(value)
        return values

    def values_moment(self, _, __, count):
        rng = self.rng
        leap = (951_782_400, 1_582_934_400, -1, 0, 86_399, 4_107_542_400)
        return [float(rng.choice(leap) if rng.random() < 0.2 else
                      round(rng.uniform(-5e8, 2e9), rng.choice((0, 3))))
                for _ in range(count)]

    def text(self):
        """The set as gong-rules reads it: `name{labels} value ms`."""
        lines = []
        for one in self.series:
            name = dict(one.labels)["__name__"]
            key = f"{name}{{{render_labels(one.labels)}}}"
            for stamp, value in one.samples:
                lines.append(f"{key} {render_value(value)} {stamp}\n")
        return "".join(lines)
