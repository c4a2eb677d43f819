"""Numbers, durations and selectors."""

import math

from dataset import BY_NAME, FAMILIES, INSTANCES, JOBS, SPAN_MS
from node import Node, bracket

LABEL_PATTERNS = {
    "job": (".+", "api|db", "api|web", "(api|db)?", "[^a].*", "(?i)API|DB",
            "a.*|web", "\\\\w+", "db|", "^web$|api", "(?:w|a)[a-z]{2}"),
    "inst": ("i[12]", "i.", "i1|i2", ".*2|.*1", "i[^3]", "i\\\\d",
             "[[:alpha:]][0-2]+", "x?i1|i3", "i(1|2|3)"),
    "dc": (".+", "..", "hn|pt", "a\\\\.b|hn", "đ.|hn|pt", ".*[.+].*|pt",
           "[^x].*", "\\\\pL+", "x\\\\+y|[ahp].*"),
    "code": ("2..", "[25]00", "5.*|200", "\\\\d{3}"),
    "le": (".+", "0.*|.Inf", "0\\\\..*|1|2.5|\\\\+Inf", "[^x].*"),
    "version": ("1.*", "1\\\\.[01]", "1.0|1.1"),
}


class Selectors:
    def __init__(self, rng, set_number, start=0):
        self.rng = rng
        self.start = start  # of the data, ms
        self.ds = str(set_number)
        self.features = set()
        self.given = None  # an operand that the next construct must use

    # Small things

    def chance(self, probability):
        return self.rng.random() < probability

    def use(self, *features):
        self.features.update(features)

    def number(self, low, high):
        rng = self.rng
        low, high = max(low, -1e12), min(high, 1e12)
        value = rng.uniform(low, high)
        if self.chance(0.8):
            size = max(abs(low), abs(high), 1e-9)
            value = round(value, max(0, 2 - int(math.log10(size))))
        return self.literal(value)

    def literal(self, value):
        rng = self.rng
        text = repr(float(value))
        if value == int(value) and abs(value) < 1e6:
            text = str(int(value))
            if value >= 0 and self.chance(0.05):
                text = hex(int(value))
        elif self.chance(0.1):
            text = f"{value:e}"
        return text if value >= 0 or rng.random() < 0.5 else f"({text})"

    def scalar(self, low, high):
        """A scalar: mostly a number, now and then one that moves."""
        if self.chance(0.12):
            self.use("scalar()")
            inner = self.aggregate_all(self.selector())
            return Node.scalar(
                f"scalar({inner.text}) * 0 + {self.number(low, high)}",
                [inner])
        if self.chance(0.04):
            self.use("time()")
            return Node.scalar(f"(time() % 60) / 60 * {self.number(low, high)}"
                               .replace("* -", "* (-1) * "), [])
        return Node.scalar(self.number(low, high), [])

    def duration(self, *choices):
        return self.rng.choice(choices)

    def window(self):
        return self.duration("1m", "90s", "2m", "5m", "5m", "5m", "4m30s",
                             "10m", "10m", "15m", "47s500ms")

    def quoted(self, text):
        mark = self.rng.choice(('"', '"', '"', "'"))
        return mark + text + mark

    # Selectors

    def family(self, labels=None, kinds=None):
        rng = self.rng
        for _ in range(60):
            family = rng.choice(FAMILIES)
            if labels is not None and not labels <= family.labels:
                continue
            if kinds is not None:
                if family.kind not in kinds:
                    continue
            elif family.kind in ("info", "wild", "moment", "bucket") \
                    and rng.random() < 0.6:
                continue
            return family
        return BY_NAME["temp"]

    def matchers(self, family, sure=()):
        rng = self.rng
        parts = [f'ds="{self.ds}"']
        self.use("modifier =")
        kinds = list(sure)
        if self.chance(0.35):
            kinds.append(rng.choice(("!=", "=~", "!~", "=", "=~")))
        for kind in kinds:
            label = rng.choice(sorted(family.labels & set(LABEL_PATTERNS)))
            value = self.matcher_value(label, kind)
            parts.append(f"{label}{kind}{self.quoted(value)}")
            self.use(f"modifier {kind}")
        rng.shuffle(parts)
        return parts

    def matcher_value(self, label, kind):
        rng = self.rng
        if kind == "=~":
            return rng.choice(LABEL_PATTERNS[label])
        plain = {"job": JOBS, "inst": INSTANCES, "code": ("200", "500"),
                 "version": ("1.0", "1.1"), "le": ("0.1", "+Inf", "1"),
                 "dc": ("hn", "pt", "")}[label]
        if kind == "!~":
            value = rng.choice(plain)
            if label == "le":
                return "0[.]1|x"
            return rng.choice((f"{value}x?", f"{value}|none", "", "no.*"))
        return rng.choice(plain if label != "le" else ("+Inf", "1"))

    def selector_text(self, family, sure=()):
        parts = self.matchers(family, [s for s in sure if s != "__name__"])
        if "__name__" in sure or self.chance(0.04):
            self.use("modifier __name__")
            form = self.rng.choice(('__name__="%s"', '__name__=~"%s"',
                                    '__name__=~"%s|none.*"'))
            parts.insert(self.rng.randrange(len(parts) + 1),
                         form % family.name)
            return "{" + ",".join(parts) + "}"
        tail = "," if self.chance(0.03) else ""
        return family.name + "{" + ", ".join(parts) + tail + "}"

    def at(self, what):
        self.use(f"modifier {what}")
        if what != "@":
            return " " + what
        stamp = self.start + self.rng.randrange(SPAN_MS)
        return f" @ {stamp // 1000}" + self.rng.choice(
            ("", f".{stamp % 1000:03}"))

    def offset(self, sure=None):
        if sure is not None and sure.startswith("@"):
            return self.at(sure) + self.offset()
        if sure is None and not self.chance(0.12):
            return ""
        if sure == "offset -" or (sure is None and self.chance(0.25)):
            self.use("modifier offset -")
            return " offset -" + self.duration("30s", "1m", "5m", "90s")
        self.use("modifier offset")
        return " offset " + self.duration("30s", "1m", "5m", "7s", "10m",
                                          "1m500ms")

    def selector(self, labels=None, kinds=None, sure=(), offset=None):
        family = self.family(labels, kinds)
        text = self.selector_text(family, sure) + self.offset(offset)
        return Node.vector(text, family.labels | {"ds"}, True, family.low,
                           family.high, discrete=family.kind == "small"
                           or family.name == "tenth",
                           kind=family.kind)

    def range_selector(self, kinds=None, sure=(), offset=None):
        family = self.family(None, kinds)
        text = (f"{self.selector_text(family, sure)}[{self.window()}]"
                f"{self.offset(offset)}")
        return Node.matrix(text, family.labels | {"ds"}, family.low,
                           family.high, family.kind)

    def subquery(self, inner, sure=None):
        rng = self.rng
        self.use("modifier subquery")
        span = self.duration("2m", "5m", "5m", "10m", "7m30s")
        step = self.duration("15s", "30s", "1m", "20s", "45s", "7s")
        if sure == "default step" or (sure is None and self.chance(0.15)):
            self.use("modifier subquery default step")
            step = ""
        tail = ""
        if sure == "offset" or (sure is None and self.chance(0.1)):
            self.use("modifier subquery offset")
            tail = f" offset {rng.choice(('1m', '30s', '-1m', '3m'))}"
        text = f"{bracket(inner)}[{span}:{step}]{tail}"
        return Node.matrix(text, inner.labels, inner.low, inner.high,
                           inner.kind, [inner])
