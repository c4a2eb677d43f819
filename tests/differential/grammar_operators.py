"""Aggregations and operators. What they take comes from the grammar's
operand()."""

import math

from dataset import BY_NAME, FAMILIES
from grammar_selectors import Selectors
from language import COMPARISON
from node import Node, bracket


class Operators(Selectors):
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
