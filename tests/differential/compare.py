"""Are two answers of the query API the same result?

Equal is: the same labels, stamps and kind of result, and numbers that have the
same bits or differ by no more than TOLERANCE of the larger one. Errors are
results, by their kind. What Prometheus computes with Go's library and we with
C's may differ in the last bits: INEXACT names those functions and by how many
units in the last place their own results may.
"""

import json
import math
import re
import struct

TOLERANCE = 1e-12

# Function: units in the last place, at most 4. The rest has the same bits
# where its inputs have, or lies within TOLERANCE.
INEXACT = {"exp()": 4, "ln()": 4, "log2()": 4, "log10()": 4, "sin()": 4,
           "cos()": 4, "tan()": 4, "asin()": 4, "acos()": 4, "atan()": 4,
           "sinh()": 4, "cosh()": 4, "tanh()": 4, "asinh()": 4, "acosh()": 4,
           "atanh()": 4, "operator ^": 4, "operator atan2": 4}

# Kinds of errors, by what either side says of them. The first that fits. What
# an argument may not be is found at load or at the first step.
ERRORS = (
    ("many-to-many", r"many-to-many|MANY_TO_MANY|duplicate series"),
    ("many-to-one", r"many-to-one matching must be explicit|many_to_one"),
    ("not-unique", r"grouping labels must ensure unique matches|not_unique"),
    ("same-labelset", r"same labelset|same_labelset"),
    ("argument", r"invalid label name|invalid (source|destination) label|"
                 r"invalid regular expression|error parsing regexp|"
                 r"invalid (smoothing|trend) factor|overflows int64|"
                 r"parameter|invalid .* in label"),
)


def kind_of(answer):
    """What kind of error it is; bad_data is the parser's and the typist's."""
    if answer.get("errorType") == "bad_data":
        return "argument"
    text = answer.get("fault", "").replace("-", "_") + answer.get("error", "")
    for kind, pattern in ERRORS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind
    return text


def ordered(value):
    """Doubles as integers in the same order, so that ulps can be counted."""
    bits = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def ulps(one, other):
    return abs(ordered(one) - ordered(other))


def same_number(one, other):
    """None: not the same. 0: same bits. 1: within the tolerance."""
    if one == other:
        return 0
    a, b = float(one), float(other)
    if a != a or b != b:
        return 0 if a != a and b != b else None
    if a == b:
        return 0
    if math.isinf(a) or math.isinf(b):
        return None
    if abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) or ulps(a, b) <= 4:
        return 1
    return None


class Difference(Exception):
    def __init__(self, text, presence=False):
        super().__init__(text)
        self.presence = presence


def milliseconds(stamp):
    return round(float(stamp) * 1000)


def labels_text(metric):
    name = metric.get("__name__", "")
    inner = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}"
                      for key, value in sorted(metric.items())
                      if key != "__name__")
    return f"{name}{{{inner}}}"


def points(data):
    """{labels: {ms: number text}} of any result."""
    if data["resultType"] in ("scalar", "string"):
        stamp, value = data["result"]
        return {(): {milliseconds(stamp): value}}
    found = {}
    for one in data["result"]:
        key = tuple(sorted(one["metric"].items()))
        if key in found:
            raise Difference(f"{labels_text(one['metric'])} is there twice")
        values = one["values"] if "values" in one else [one["value"]]
        found[key] = {milliseconds(stamp): value for stamp, value in values}
    return found


def compare_series(metric, expected, got):
    """How many numbers differ in bits; raises where they differ."""
    rounded = 0
    for stamp, value in expected.items():
        if stamp not in got:
            raise Difference(f"{metric} at {stamp} expected {value}, got "
                             "nothing", presence=True)
        same = same_number(value, got[stamp])
        if same is None:
            raise Difference(f"{metric} at {stamp} expected {value}, got "
                             f"{got[stamp]}")
        rounded += same
    for stamp in got:
        if stamp not in expected:
            raise Difference(f"{metric} at {stamp} expected nothing, got "
                             f"{got[stamp]}", presence=True)
    return rounded


def compare_points(expected, got):
    rounded = 0
    for key in expected.keys() | got.keys():
        rounded += compare_series(labels_text(dict(key)),
                                  expected.get(key, {}), got.get(key, {}))
    return rounded


def in_order(data):
    return [one["value"][1] for one in data["result"]]


def compare(expected, got, sorts=False):
    """How many numbers differ in bits within the tolerance; Difference."""
    if expected == got:
        return 0
    if expected["status"] == "error" or got["status"] == "error":
        return compare_errors(expected, got)
    want, have = expected["data"], got["data"]
    if want["resultType"] != have["resultType"]:
        raise Difference(f"expected a {want['resultType']}, got a "
                         f"{have['resultType']}")
    rounded = compare_points(points(want), points(have))
    if sorts and want["resultType"] == "vector":
        for one, other in zip(in_order(want), in_order(have)):
            if same_number(one, other) is None:
                raise Difference(f"expected {one} in this place, got {other}")
    return rounded


def compare_errors(expected, got):
    if expected["status"] != got["status"]:
        text = [one.get("error", "a result") for one in (expected, got)]
        raise Difference(f"expected {text[0]}, got {text[1]}", presence=True)
    if kind_of(expected) != kind_of(got):
        raise Difference(f"expected the error {expected['error']}, got the "
                         f"error {got['error']}")
    return 0


def moves(answer, steps):
    """Is the result neither empty nor the same at all steps and series?"""
    if answer["status"] != "success":
        return False
    seen = set()
    gaps = False
    for values in points(answer["data"]).values():
        seen.update(values.values())
        gaps = gaps or len(values) < steps
    return len(seen) > 1 or (gaps and bool(seen))
