"""Random well-typed PromQL over the families of dataset.py.

Each expression is built around one feature in turn, so that rare ones are met
as often as common ones, and knows which labels its series carry and roughly
where their values lie: operators then mostly match and thresholds mostly cut.
"""

import math
import re

from dataset import BY_NAME, FAMILIES, INSTANCES, JOBS, SPAN_MS
from node import Node, bracket

COUNTER_CALLS = ("rate", "increase", "irate", "resets")
GAUGE_CALLS = ("delta", "idelta", "deriv", "changes", "avg_over_time",
               "min_over_time", "max_over_time", "sum_over_time",
               "count_over_time", "stddev_over_time", "stdvar_over_time",
               "last_over_time", "present_over_time")
PARAMETER_CALLS = ("quantile_over_time", "predict_linear", "holt_winters")
VALUE_CALLS = ("abs", "ceil", "floor", "round", "exp", "ln", "log2", "log10",
               "sqrt", "sgn", "sin", "cos", "tan", "asin", "acos", "atan",
               "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg",
               "rad", "clamp", "clamp_min", "clamp_max")
DATE_CALLS = ("minute", "hour", "day_of_week", "day_of_month", "day_of_year",
              "days_in_month", "month", "year")
OTHER_CALLS = ("absent", "absent_over_time", "scalar", "vector", "time",
               "timestamp", "pi", "label_replace", "label_join", "sort",
               "sort_desc", "histogram_quantile")
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev",
                "stdvar", "topk", "bottomk", "quantile", "count_values")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISON = ("==", "!=", ">", "<", ">=", "<=")
SETS = ("and", "or", "unless")
CLAUSES = ("by", "without", "on", "ignoring", "group_left", "group_right",
           "group_left(labels)", "group_right(labels)", "bool")
MODIFIERS = ("=", "!=", "=~", "!~", "__name__", "offset", "offset -", "@",
             "@ start()", "@ end()",
             "subquery", "subquery default step", "subquery offset",
             "unary -", "unary +")

FEATURES = tuple(
    [f"{name}()" for name in COUNTER_CALLS + GAUGE_CALLS + PARAMETER_CALLS
     + VALUE_CALLS + DATE_CALLS + OTHER_CALLS + AGGREGATIONS]
    + [f"operator {name}" for name in ARITHMETIC + COMPARISON + SETS]
    + [f"clause {name}" for name in CLAUSES]
    + [f"modifier {name}" for name in MODIFIERS])

# What can go around an operand that is already there, and how often.
WRAPS = (["value"] * 4 + ["arithmetic"] * 4 + ["compare"] * 3 + ["set"] * 2
         + ["aggregate"] * 4 + ["subquery"] * 3 + ["match"] * 4 + ["label"]
         + ["date", "scalar", "timestamp", "unary"])

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


# What may differ in the last bits: never written into labels, never divided
# with rest, where a bit is a result of its own.
INEXACT_TEXT = re.compile(
    "\\b(exp|ln|log2|log10|a?(sin|cos|tan)h?|atan2) ?\\(|\\batan2\\b|\\^")


# What is left of numbers that are nearly the same is mostly rounding.
DIFFERENCES = COUNTER_CALLS + (
    "delta", "idelta", "deriv", "changes", "stddev_over_time",
    "stdvar_over_time", "predict_linear")


class Grammar:
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

    # Operands

    def operand(self, depth):
        if self.given is not None:
            node, self.given = self.given, None
            return node
        if depth <= 0:
            return self.selector()
        return self.any(depth - 1)

    def range_operand(self, depth, kinds, name):
        if self.given is None and not (depth > 0 and self.chance(0.3)):
            return self.range_selector(kinds)
        inner = self.exact_operand(depth) if name in DIFFERENCES \
            else self.operand(depth)
        return self.subquery(inner)

    def any(self, depth):
        """Some vector, at most about this deep."""
        rng = self.rng
        kind = rng.choice(("call", "call", "value", "aggregate", "aggregate",
                           "arithmetic", "match", "compare", "set", "label"))
        return getattr(self, "some_" + kind)(depth)

    def around(self, node):
        """The same with one more construct around it."""
        self.given = node
        made = getattr(self, "some_" + self.rng.choice(WRAPS))(1)
        self.given = None
        return made

    def exact_operand(self, depth):
        inner = self.operand(depth)
        return self.selector() if INEXACT_TEXT.search(inner.text) else inner

    # Constructs by group

    def some_call(self, depth):
        name = self.rng.choice(COUNTER_CALLS + GAUGE_CALLS + PARAMETER_CALLS)
        return self.range_call(name, depth)

    def some_subquery(self, depth):
        name = self.rng.choice(GAUGE_CALLS + PARAMETER_CALLS + ("rate",))
        return self.range_call(name, depth)

    def some_value(self, depth):
        return self.value_call(self.rng.choice(VALUE_CALLS), depth)

    def some_date(self, depth):
        return self.date_call(self.rng.choice(DATE_CALLS), depth)

    def some_aggregate(self, depth):
        return self.aggregate(self.rng.choice(AGGREGATIONS), depth)

    def some_arithmetic(self, depth):
        return self.with_scalar(self.rng.choice(ARITHMETIC), depth)

    def some_match(self, depth):
        return self.matched(self.rng.choice(ARITHMETIC + COMPARISON), depth)

    def some_compare(self, depth):
        return self.with_scalar(self.rng.choice(COMPARISON), depth)

    def some_set(self, depth):
        return self.set_operator(self.rng.choice(SETS), depth)

    def some_label(self, depth):
        return self.label_call(self.rng.choice(("label_replace",
                                                "label_join")), depth)

    def some_scalar(self, depth):
        return self.scalar_call(depth)

    def some_timestamp(self, depth):
        return self.timestamp_call(depth)

    def some_unary(self, depth):
        return self.unary(self.rng.choice("-+"), depth)

    # Calls

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

    # Aggregations

    def aggregate(self, name, depth, clause=None):
        self.use(f"{name}()")
        rng = self.rng
        inner = self.exact_operand(depth) if name == "count_values" \
            else self.operand(depth)
        clause = clause or rng.choice(("by", "by", "without", ""))
        known = sorted(inner.labels - {"ds"})
        keep = inner.labels
        text = ""
        if clause == "by":
            keep = frozenset(rng.sample(known, min(len(known),
                                                   rng.choice((1, 1, 2)))))
            listed = sorted(keep)
            if self.chance(0.1):
                listed.append("nowhere")
            text = f"by ({', '.join(listed)})"
        elif clause == "without":
            drop = frozenset(rng.sample(known, min(len(known), 1)))
            keep = inner.labels - drop
            text = f"without ({', '.join(sorted(drop))})"
        else:
            keep = frozenset()
        if clause:
            self.use(f"clause {clause}")
        return self.aggregate_node(name, inner, keep, text)

    def aggregate_node(self, name, inner, keep, clause):
        rng = self.rng
        parameter, low, high, named = "", inner.low, inner.high, False
        if name in ("topk", "bottomk"):
            parameter = rng.choice(("1", "2", "3", "2", "10", "1.9", "0")) \
                + ", "
            keep, named = inner.labels, inner.named
        elif name == "quantile":
            parameter = self.quantile_share() + ", "
        elif name == "count_values":
            parameter = '"value", '
            keep = keep | {"value"}
        if name in ("count", "count_values"):
            low, high = 1, 6
        elif name == "sum":
            low, high = low * 2, high * 3
        elif name in ("stddev", "stdvar"):
            low, high = 0, (high - low) / 3 * (
                (high - low) / 3 if name == "stdvar" else 1)
        body = f"({parameter}{inner.text})"
        if not clause:
            text = name + body
        elif self.chance(0.8):
            text = f"{name} {clause} {body}"
        else:
            text = f"{name}{body} {clause}"
        return Node.vector(text, keep, named, low, high, kids=[inner],
                           discrete=name in ("count", "count_values"),
                           kind=inner.kind)

    # Operators

    def with_scalar(self, operator, depth, sure_bool=False):
        self.use(f"operator {operator}")
        given = self.given
        inner = self.exact_operand(depth) if operator == "%" \
            else self.operand(depth)
        if operator in ("==", "!=") and given is None and not inner.discrete:
            inner = self.selector(kinds=("small",))
        low, high = inner.low, inner.high
        width = max(high - low, 1e-9)
        other = self.other_scalar(operator, inner, low, width)
        modifier, named = "", False
        if operator in COMPARISON:
            named = inner.named
            if sure_bool or self.chance(0.25):
                self.use("clause bool")
                modifier, named = " bool", False
                low, high = 0, 1
        else:
            low, high = self.arithmetic_bounds(operator, low, high, other)
        left, right = bracket(inner), other.text
        if self.chance(0.25) and operator != "^":
            left, right = right, left
        if operator == "^" and self.chance(0.3):
            left, right = self.rng.choice(("2", "0.5", "-1")), left
        return Node.vector(f"{left} {operator}{modifier} {right}",
                           inner.labels, named, low, high,
                           kids=[inner, other], binary=True, kind=inner.kind,
                           discrete=inner.discrete or bool(modifier),
                           compares=operator in COMPARISON)

    def other_scalar(self, operator, inner, low, width):
        if operator in COMPARISON:
            if inner.discrete:
                top = max(1, int(min(width, 12)))
                value = self.rng.randint(int(max(low, -9)),
                                         int(max(low, -9)) + top)
                if "tenth" in inner.text:
                    value = self.rng.randint(-5, 25) / 10
                return Node.scalar(self.literal(value), [])
            return self.scalar(low + width * 0.2, low + width * 0.8)
        if operator == "^":
            return Node.scalar(self.rng.choice(("2", "0.5", "3", "-1", "1.5",
                                                "0", "2 ^ 0.5")), [])
        if operator == "%":
            return Node.scalar(self.number(max(width / 9, 1e-3), width), [])
        if self.chance(0.05):
            return Node.scalar(self.rng.choice(("0", "Inf", "NaN", "-Inf",
                                                "-0")), [])
        return self.scalar(0.5, max(1, min(width, 1e6)))

    @staticmethod
    def arithmetic_bounds(operator, low, high, other):
        try:
            value = float(other.text.strip("()"))
        except ValueError:
            value = 1.0
        if not math.isfinite(value):
            value = 1.0
        if operator == "+":
            return low + value, high + value
        if operator == "-":
            return low - value, high - value
        if operator == "*":
            return tuple(sorted((low * value, high * value)))
        if operator == "/" and value:
            return tuple(sorted((low / value, high / value)))
        if operator == "%":
            return 0, abs(value)
        if operator == "atan2":
            return -1.6, 1.6
        if operator == "^":
            size = min(max(abs(low), abs(high), 1), 1e9) ** min(abs(value), 3)
            return 0, size
        return low, high

    def shaped(self, labels, depth):
        """Some vector whose series carry exactly these labels."""
        rng = self.rng
        known = frozenset(label for label in labels if label in (
            "job", "inst", "dc", "code", "le", "ds", "version"))
        if known == labels and "ds" in labels:
            names = [one for one in FAMILIES if one.labels | {"ds"} == labels]
            if names and self.chance(0.7):
                family = rng.choice(names)
                text = self.selector_text(family) + self.offset()
                return Node.vector(text, labels, True, family.low, family.high,
                                   discrete=family.kind == "small",
                                   kind=family.kind)
        inner = self.selector(known - {"ds"}) if known else self.selector()
        if depth > 0 and self.chance(0.4):
            call = rng.choice(("avg_over_time", "max_over_time", "delta"))
            self.use(f"{call}()")
            family = self.family(known - {"ds"} if known else None)
            inner = Node.vector(
                f"{call}({self.selector_text(family)}[{self.window()}])",
                family.labels | {"ds"}, False, family.low, family.high)
        name = rng.choice(("sum", "max", "min", "avg", "count"))
        self.use(f"{name}()", "clause by")
        return Node.vector(
            f"{name} by ({', '.join(sorted(labels))}) ({inner.text})",
            labels, False, inner.low, inner.high, kids=[inner])

    def matched(self, operator, depth, clause=None):
        """Vector and vector, with or without on, ignoring, group_*."""
        rng = self.rng
        self.use(f"operator {operator}")
        given = self.given
        left = self.exact_operand(depth) if operator == "%" \
            else self.operand(depth)
        if operator in ("==", "!=") and given is None and not left.discrete:
            left = self.selector(kinds=("small",))
        base = left.labels - {"ds"}
        style = clause or rng.choice(("", "", "on", "ignoring", "group_left",
                                      "group_right", "group_left(labels)",
                                      "group_right(labels)"))
        if style.startswith("group") and not base:
            style = "on"
        if not style.startswith("group"):
            return self.one_to_one(operator, left, style, depth)
        return self.many_to_one(operator, left, style, depth)

    def one_to_one(self, operator, left, style, depth):
        right = self.shaped(left.labels, depth)
        modifier = ""
        labels = left.labels
        if style == "on":
            listed = sorted(left.labels - {"ds"})
            labels = frozenset(listed)
            modifier = f" on ({', '.join(listed)})"
            self.use("clause on")
        elif style == "ignoring":
            listed = self.rng.choice((("ds",), ("nowhere",), ("ds", "x"), ()))
            labels = left.labels - frozenset(listed)
            modifier = f" ignoring ({', '.join(listed)})"
            self.use("clause ignoring")
        return self.operator_node(operator, left, right, modifier, labels)

    def many_to_one(self, operator, left, style, depth):
        rng = self.rng
        base = sorted(left.labels - {"ds"})
        size = max(1, len(base) - rng.choice((0, 1, 1, 2)))
        shared = frozenset(rng.sample(base, size))
        side = style.partition("(")[0]
        extra = ""
        if style.endswith("(labels)") and {"job", "inst"} <= set(base) \
                and "version" not in base:
            shared = frozenset(("job", "inst"))
            family = BY_NAME["info"]
            right = Node.vector(self.selector_text(family),
                                family.labels | {"ds"}, True, 1, 1)
            extra = "version"
        elif style.endswith("(labels)"):
            right = self.shaped(shared, depth)
            self.use("label_replace()")
            right = Node.vector(
                f'label_replace({right.text}, "extra", "<$1>", '
                f'"{sorted(shared)[0]}", "(.*)")', right.labels | {"extra"},
                right.named, right.low, right.high, kids=[right])
            extra = "extra"
        else:
            right = self.shaped(shared, depth)
        listed = f"on ({', '.join(sorted(shared))})"
        word = "on"
        if not extra and right.labels <= left.labels and self.chance(0.35):
            drop = sorted(left.labels - right.labels)
            listed, word = f"ignoring ({', '.join(drop)})", "ignoring"
        self.use(f"clause {word}", f"clause {side}")
        if extra:
            self.use(f"clause {side}(labels)")
        brackets = f" ({extra})" if extra else rng.choice(("", " ()"))
        labels = left.labels | ({extra} if extra else frozenset())
        modifier = f" {listed} {side}{brackets}"
        if side == "group_right":
            return self.operator_node(operator, right, left, modifier, labels)
        return self.operator_node(operator, left, right, modifier, labels)

    def operator_node(self, operator, left, right, modifier, labels):
        word, named = "", False
        low, high = left.low, left.high
        discrete = False
        if operator in COMPARISON:
            named = left.named and " on (" not in modifier
            if self.chance(0.35):
                self.use("clause bool")
                word, named, discrete = " bool", False, True
                low, high = 0, 1
        elif operator == "+":
            low, high = left.low + right.low, left.high + right.high
        elif operator == "-":
            low, high = left.low - right.high, left.high - right.low
        elif operator == "*":
            products = [a * b for a in (left.low, left.high)
                        for b in (right.low, right.high)]
            low, high = min(products), max(products)
        low, high = (max(low, -1e300), min(high, 1e300))
        if not low <= high:
            low, high = 0, 1
        return Node.vector(
            f"{bracket(left)} {operator}{word}{modifier} {bracket(right)}",
            labels, named, low, high, kids=[left, right], binary=True,
            discrete=discrete, compares=operator in COMPARISON)

    def set_operator(self, operator, depth, clause=None):
        rng = self.rng
        self.use(f"operator {operator}")
        left = self.operand(depth)
        base = sorted(left.labels - {"ds"})
        style = clause or rng.choice(("", "on", "ignoring"))
        if style and not base:
            style = ""
        if style == "on":
            shared = frozenset(rng.sample(base, max(1, len(base) - 1)))
            right = self.cut(self.shaped(shared, depth), operator)
            modifier = f" on ({', '.join(sorted(shared))})"
            self.use("clause on")
        elif style == "ignoring":
            drop = frozenset(rng.sample(base, 1))
            right = self.cut(self.shaped(left.labels - drop, depth), operator)
            modifier = f" ignoring ({', '.join(sorted(drop))})"
            self.use("clause ignoring")
        else:
            right = self.cut(self.shaped(left.labels, depth), operator)
            modifier = ""
        if operator == "or":
            left = self.cut(left, operator)
        return Node.vector(
            f"{bracket(left)} {operator}{modifier} {bracket(right)}",
            left.labels, left.named, min(left.low, right.low),
            max(left.high, right.high), kids=[left, right], binary=True,
            kind=left.kind)

    def cut(self, node, _):
        """A condition, so that a set operator has something to decide."""
        if self.chance(0.3):
            return node
        operator = self.rng.choice((">", "<"))
        self.use(f"operator {operator}")
        width = max(node.high - node.low, 1e-9)
        limit = self.number(node.low + width * 0.3, node.low + width * 0.7)
        return Node.vector(f"{bracket(node)} {operator} {limit}", node.labels,
                           node.named, node.low, node.high, binary=True,
                           kids=[node, Node.scalar(limit, [])], compares=True,
                           kind=node.kind)

    def unary(self, sign, depth):
        self.use(f"modifier unary {sign}")
        inner = self.operand(depth)
        # Without brackets now and then: -a ^ 2 is -(a ^ 2).
        text = f"{sign}{bracket(inner)}"
        if self.chance(0.2) and abs(inner.high) < 1e100:
            self.use("operator ^")
            text += " ^ 2"
        return Node.vector(text, inner.labels, sign == "+" and inner.named,
                           -inner.high if sign == "-" else inner.low,
                           -inner.low if sign == "-" else inner.high,
                           kids=[inner], binary=True)

    # The construct that a feature stands for

    def build(self, feature, depth):
        name = feature.removesuffix("()")
        group, _, what = feature.partition(" ")
        if group == "operator":
            return self.build_operator(what, depth)
        if group == "clause":
            return self.build_clause(what, depth)
        if group == "modifier":
            return self.build_modifier(what, depth)
        if name in AGGREGATIONS:
            return self.aggregate(name, depth)
        if name in VALUE_CALLS:
            return self.value_call(name, depth)
        if name in DATE_CALLS:
            return self.date_call(name, depth)
        if name in OTHER_CALLS:
            return self.build_other(name, depth)
        return self.range_call(name, depth)

    def build_operator(self, operator, depth):
        if operator in SETS:
            return self.set_operator(operator, depth)
        if self.chance(0.5):
            return self.with_scalar(operator, depth)
        return self.matched(operator, depth)

    def build_clause(self, clause, depth):
        if clause in ("by", "without"):
            return self.aggregate(self.rng.choice(AGGREGATIONS), depth, clause)
        if clause == "bool":
            return self.with_scalar(self.rng.choice(COMPARISON), depth, True)
        if clause in ("on", "ignoring") and self.chance(0.3):
            return self.set_operator(self.rng.choice(SETS), depth, clause)
        return self.matched(self.rng.choice(ARITHMETIC + COMPARISON), depth,
                            clause)

    def build_modifier(self, what, depth):
        if what.startswith("unary"):
            return self.unary(what[-1], depth)
        if what.startswith("subquery"):
            sure = what.partition(" ")[2] or None
            matrix = self.subquery(self.operand(max(depth, 1)), sure)
            return self.range_call(self.rng.choice(
                GAUGE_CALLS + PARAMETER_CALLS), depth, matrix)
        sure, offset = ((), what) if what[0] in "o@" else ((what,), None)
        kinds = ("gauge", "small", "counter")
        if what[0] == "@" and self.chance(0.7):
            # Pinned to one instant it stands still beside what moves.
            left = self.selector(kinds=kinds)
            family = [one for one in FAMILIES
                      if one.labels | {"ds"} == left.labels]
            pinned = self.selector_text(self.rng.choice(family)) \
                + self.at(what) + self.offset()
            operator = self.rng.choice(ARITHMETIC[:4] + COMPARISON)
            self.use(f"operator {operator}")
            other = Node.vector(pinned, left.labels, True, left.low, left.high)
            return self.operator_node(operator, left, other, "", left.labels)
        if self.chance(0.5):
            return self.selector(kinds=kinds, sure=sure, offset=offset)
        return self.range_call(
            self.rng.choice(GAUGE_CALLS), depth,
            self.range_selector(kinds, sure, offset))

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
