"""Calls of functions. What they take comes from the grammar's operand()."""

import math

from dataset import BY_NAME, INSTANCES, JOBS
from grammar_selectors import Selectors
from language import COUNTER_CALLS, PARAMETER_CALLS
from node import Node, bracket


class Calls(Selectors):
    def range_call(self, name, depth, matrix=None):
        if name in PARAMETER_CALLS:
            return self.parameter_call(name, depth, matrix)
        self.use(f"{name}()")
        kinds = ("counter", "bucket") if name in COUNTER_CALLS \
            else ("gauge", "small", "gauge", "counter", "wild")
        if name in ("changes", "max_over_time", "sum_over_time") \
                and self.chance(0.25):
            kinds = ("wild",)  # NaN, infinities: these have rules for them
        matrix = matrix or self.range_operand(depth, kinds, name)
        low, high = self.range_bounds(name, matrix)
        return Node.vector(
            f"{name}({matrix.text})", matrix.labels,
            name == "last_over_time", low, high, kids=[matrix],
            discrete=name in ("changes", "resets", "count_over_time"),
            kind=matrix.kind if name in ("rate", "increase", "irate",
                                         "last_over_time") else "gauge")

    @staticmethod
    def range_bounds(name, matrix):
        width = matrix.high - matrix.low
        return {"rate": (0, width / 1500), "irate": (0, width / 1500),
                "increase": (0, width / 6), "resets": (0, 2),
                "changes": (0, 12), "delta": (-width / 3, width / 3),
                "idelta": (-width / 6, width / 6),
                "deriv": (-width / 2000, width / 2000),
                "sum_over_time": (matrix.low * 8, matrix.high * 8),
                "count_over_time": (1, 20), "present_over_time": (1, 1),
                "stddev_over_time": (0, width / 4),
                "stdvar_over_time": (0, width * width / 16),
                }.get(name, (matrix.low, matrix.high))

    def parameter_call(self, name, depth, matrix=None):
        self.use(f"{name}()")
        matrix = matrix or self.range_operand(
            depth, ("gauge", "small", "counter"), name)
        if name == "quantile_over_time":
            share = self.quantile_share()
            text, kids = f"{name}({share}, {matrix.text})", [matrix]
        elif name == "predict_linear":
            ahead = self.scalar(-600, 3600)
            text, kids = f"{name}({matrix.text}, {ahead.text})", [matrix,
                                                                  ahead]
        else:
            smooth = [self.rng.choice(("0.1", "0.5", "0.9", "0.25", "3e-1"))
                      for _ in range(2)]
            text, kids = f"{name}({matrix.text}, {', '.join(smooth)})", [matrix]
        return Node.vector(text, matrix.labels, False, matrix.low, matrix.high,
                           kids=kids)

    def quantile_share(self):
        return self.rng.choice(("0.5", "0.9", "0.25", "0.99", "0.333", "0", "1",
                                "0.1", "0.75", "0.5", "0.9", "-1", "1.5",
                                "NaN"))

    def value_call(self, name, depth):
        self.use(f"{name}()")
        inner = self.in_domain(name, self.operand(depth))
        low, high = inner.low, inner.high
        width = max(high - low, 1e-9)
        if name == "clamp":
            cut = sorted((low + width * self.rng.uniform(0, 0.5),
                          low + width * self.rng.uniform(0.4, 1)))
            if self.chance(0.05):
                cut.reverse()
            text = (f"clamp({inner.text}, {self.literal(round(cut[0], 3))}, "
                    f"{self.literal(round(cut[1], 3))})")
        elif name.startswith("clamp_"):
            cut = self.scalar(low + width * 0.2, low + width * 0.8)
            text = f"{name}({inner.text}, {cut.text})"
        elif name == "round" and self.chance(0.6):
            text = (f"round({inner.text}, "
                    f"{self.rng.choice(('0.1', '5', '0.01', '10', '0.5', '3', '-2', '1e-3'))})")
        else:
            text = f"{name}({inner.text})"
            low, high = self.value_bounds(name, low, high)
        return Node.vector(text, inner.labels, False, low, high, kids=[inner],
                           discrete=inner.discrete or name in (
                               "ceil", "floor", "sgn"))

    def in_domain(self, name, inner):
        """Brings values to where the function says something."""
        if name in ("ln", "log10") and "wild" in inner.text:
            inner = self.selector(kinds=("gauge", "counter"))
        if self.chance(0.15):
            return inner
        size = max(abs(inner.low), abs(inner.high), 1e-6)
        scale = f"{10.0 ** round(math.log10(size)):g}"
        text = None
        if name in ("asin", "acos", "atanh") and size > 1.01:
            text = f"{bracket(inner)} / {self.literal(float(scale) * 10)}"
            low, high = inner.low / float(scale) / 10, \
                inner.high / float(scale) / 10
        elif name in ("exp", "sinh", "cosh", "tanh", "sin", "cos",
                      "tan") and size > 20:
            text = f"{bracket(inner)} / {scale}"
            low, high = inner.low / float(scale), inner.high / float(scale)
        elif name == "acosh" and inner.low < 1:
            text = f"{bracket(inner)} + {self.literal(math.ceil(1 - inner.low))}" \
                if inner.low > -1e9 else None
            low, high = 1, inner.high + 1 - inner.low
        elif name in ("ln", "log2", "log10", "sqrt") and inner.low < 0:
            self.use("abs()")
            text = f"abs({inner.text})"
            low, high = 0, size
        if text is None:
            return inner
        if not text.startswith("abs"):
            self.use("operator /" if " / " in text else "operator +")
        return Node.vector(text, inner.labels, False, low, high, kids=[inner],
                           binary=not text.startswith("abs"))

    @staticmethod
    def value_bounds(name, low, high):
        if name in ("sin", "cos", "sgn", "tanh"):
            return -1, 1
        if name in ("exp", "sinh", "cosh"):
            return 0, math.exp(min(high, 50))
        if name in ("ln", "log2", "log10", "asinh", "acosh"):
            return -2, math.log(max(abs(high), 2)) * 1.4
        if name == "sqrt":
            return 0, math.sqrt(max(abs(high), 0))
        if name in ("asin", "acos", "atan", "tan", "atanh"):
            return -1.5, 1.5
        if name == "deg":
            return low * 57, high * 57
        if name == "rad":
            return low / 57, high / 57
        if name == "abs":
            return 0, max(abs(low), abs(high))
        return low, high

    def date_call(self, name, depth):
        self.use(f"{name}()")
        if self.given is None:
            if self.chance(0.05):
                # Alone it moves too slowly to say anything.
                other = self.selector()
                self.use("operator +")
                return Node.vector(
                    f"{bracket(other)} + on() group_left {name}()",
                    other.labels, False, other.low, other.high + 30,
                    kids=[other], binary=True)
            inner = self.selector(kinds=("moment",))
        else:
            inner = self.operand(depth)
            if inner.high < 1e6:
                inner = Node.vector(f"{bracket(inner)} * 86413",
                                    inner.labels, False, inner.low * 86413,
                                    inner.high * 86413, kids=[inner],
                                    binary=True)
                self.use("operator *")
        return Node.vector(f"{name}({inner.text})", inner.labels, False, 0, 31,
                           kids=[inner], discrete=True)

    def scalar_call(self, depth):
        self.use("scalar()")
        one = self.aggregate_all(self.operand(depth))
        side = self.selector()
        operator = self.rng.choice("+-*")
        self.use(f"operator {operator}")
        if self.chance(0.3):
            self.use("vector()")
            return Node.vector(f"vector(scalar({one.text}))", frozenset(),
                               False, one.low, one.high, kids=[one])
        return Node.vector(f"{bracket(side)} {operator} scalar({one.text})",
                           side.labels, False, side.low, side.high,
                           kids=[side, one], binary=True)

    def aggregate_all(self, inner):
        name = self.rng.choice(("sum", "max", "min", "count", "avg"))
        self.use(f"{name}()")
        return Node.vector(f"{name}({inner.text})", frozenset(), False,
                           inner.low, inner.high, kids=[inner])

    def timestamp_call(self, depth):
        self.use("timestamp()")
        inner = self.operand(depth)
        if "@" in inner.text and "offset" in inner.text:
            inner = self.selector()  # docs/RULES.md names it
        text = f"timestamp({inner.text})"
        if self.chance(0.6):
            self.use("time()", "operator -")
            return Node.vector(f"time() - {text}", inner.labels, False, 0, 300,
                               kids=[inner], binary=True, discrete=True)
        self.use("operator %")
        return Node.vector(f"{text} % 600", inner.labels, False, 0, 600,
                           kids=[inner], binary=True)

    def label_call(self, name, depth):
        self.use(f"{name}()")
        rng = self.rng
        inner = self.operand(depth)
        sources = sorted(inner.labels) or ["job"]
        if name == "label_join":
            few = rng.sample(sources, min(len(sources), rng.choice((1, 2, 2))))
            listed = "".join(f', "{one}"' for one in few)
            separator = rng.choice(("-", "", "/", ", "))
            text = f'label_join({inner.text}, "joined", "{separator}"{listed})'
            return Node.vector(text, inner.labels | {"joined"}, inner.named,
                               inner.low, inner.high, kids=[inner],
                               discrete=inner.discrete, kind=inner.kind)
        source = rng.choice(sources)
        target, to, pattern = rng.choice((
            ("copy", "$1", "(.*)"), ("copy", "<$1>", "(.).*"),
            ("copy", "${1}x", ".*?(.)"), ("copy", "$2$1", "(.)(.*)"),
            ("copy", "fixed", "[ai].*"), ("copy", "$1_", "(a|b|i1)"),
            ("copy", "${n}-$0", "(?P<n>.)(?:.*)"), ("copy", "$$", "(.+)"),
            ("copy", "", ".*"), ("__name__", "new_$1", "(\\\\w*).*"),
            (source, "v$1", "(.+)"), ("copy", "$1", "i?([0-9a-z]*)")))
        text = (f'label_replace({inner.text}, "{target}", "{to}", '
                f'"{source}", "{pattern}")')
        named = inner.named or target == "__name__"
        labels = inner.labels | ({"copy"} if target == "copy" else set())
        return Node.vector(text, labels, named, inner.low, inner.high,
                           kids=[inner], discrete=inner.discrete,
                           kind=inner.kind)

    def histogram(self, depth):
        self.use("histogram_quantile()")
        rng = self.rng
        bucket = BY_NAME["lat_bucket"]
        inner = self.selector_text(bucket)
        labels = bucket.labels | {"ds"}
        if self.chance(0.75):
            call = rng.choice(("rate", "increase", "max_over_time", "rate"))
            self.use(f"{call}()")
            inner = f"{call}({inner}[{self.window()}])"
            if self.chance(0.5):
                labels = frozenset(rng.choice((
                    ("le",), ("le", "job"), ("le", "inst", "job"))))
                self.use("sum()", "clause by")
                inner = f"sum by ({', '.join(sorted(labels))}) ({inner})"
        text = f"histogram_quantile({self.quantile_share()}, {inner})"
        return Node.vector(text, labels - {"le"}, False, 0, 3, kids=[
            Node.vector(inner, labels, False, 0, 10)])

    # Those that take no range, and what makes them say something

    def build_other(self, name, depth):
        if name in ("label_replace", "label_join"):
            return self.label_call(name, depth)
        if name == "histogram_quantile":
            return self.histogram(depth)
        if name == "timestamp":
            return self.timestamp_call(depth)
        if name == "scalar":
            return self.scalar_call(depth)
        return getattr(self, "build_" + name)(depth)

    def build_sort(self, depth, name="sort"):
        self.use(f"{name}()")
        inner = self.operand(depth) if self.chance(0.4) else self.selector(
            kinds=("gauge", "counter", "bucket", "wild", "small"))
        return Node.vector(f"{name}({inner.text})", inner.labels, inner.named,
                           inner.low, inner.high, kids=[inner],
                           discrete=inner.discrete, kind=inner.kind)

    def build_sort_desc(self, depth):
        return self.build_sort(depth, "sort_desc")

    def build_time(self, depth):
        self.use("time()", "operator -")
        inner = self.selector(kinds=("moment",))
        text = self.rng.choice((
            f"time() - {inner.text}", f"vector(time()) + on () group_left () "
            f"sum({inner.text})", f"{inner.text} * 0 + time() % 61"))
        return Node.vector(text, inner.labels, False, -4e9, 4e9, kids=[inner],
                           binary=True)

    def build_pi(self, depth):
        self.use("pi()", "operator *")
        inner = self.operand(depth)
        return Node.vector(f"pi() * {bracket(inner)}", inner.labels, False,
                           inner.low * 3.2, inner.high * 3.2, kids=[inner],
                           binary=True)

    def build_vector(self, depth):
        self.use("vector()")
        if self.chance(0.5):
            inner = self.aggregate_all(self.operand(depth))
            self.use("scalar()")
            return Node.vector(f"vector(scalar({inner.text}))", frozenset(),
                               False, inner.low, inner.high, kids=[inner])
        self.use("time()", "operator /")
        return Node.vector(f"vector(time() / {self.number(1, 1000)})",
                           frozenset(), False, 1e6, 1e9)

    def build_absent(self, depth):
        self.use("absent()")
        rng = self.rng
        kind = rng.random()
        if kind < 0.6:
            family = BY_NAME[rng.choice(("rare", "flag", "rare"))]
            inst = rng.choice(INSTANCES) if family.name == "flag" else "i1"
            extra = rng.choice(("", ', job="api"', ', job=~"api|db"',
                                ', inst!="x"', f', inst="{inst}"'))
            if family.name == "rare" and "job" in extra:
                extra = ""
            inner = (f'{family.name}{{ds="{self.ds}", inst="{inst}"{extra}}}'
                     f"{self.offset()}")
        else:
            low = self.selector(kinds=("gauge",))
            width = low.high - low.low
            self.use("operator >")
            inner = f"{low.text} > {self.number(low.low + width * 0.7, low.high)}"
            if kind < 0.8:
                self.use("max()")
                inner = f"max({inner})"
        return Node.vector(f"absent({inner})", frozenset(), False, 1, 1)

    def build_absent_over_time(self, depth):
        self.use("absent_over_time()")
        rng = self.rng
        name = rng.choice(("rare", "rare", "flag"))
        matcher = rng.choice(('inst="i1"', 'inst=~"i[1]"', 'inst="i1",x=""'))
        if name == "flag":
            matcher += f', job="{rng.choice(JOBS)}"'
        span = rng.choice(("47s", "30s", "20s", "1m", "2m"))
        text = f'absent_over_time({name}{{ds="{self.ds}",{matcher}}}[{span}])'
        return Node.vector(text, frozenset(), False, 1, 1)
