"""Random well-typed PromQL over the families of dataset.py.

Each expression is built around one feature in turn, so that rare ones are met
as often as common ones, and knows which labels its series carry and roughly
where their values lie: operators then mostly match and thresholds mostly cut.
"""

from dataset import FAMILIES
from grammar_calls import Calls
from grammar_operators import Operators
from language import (AGGREGATIONS, ARITHMETIC, COMPARISON, COUNTER_CALLS,
                      DATE_CALLS, DIFFERENCES, GAUGE_CALLS, INEXACT_TEXT,
                      OTHER_CALLS, PARAMETER_CALLS, SETS, VALUE_CALLS)
from node import Node

# What can go around an operand that is already there, and how often.
WRAPS = (["value"] * 4 + ["arithmetic"] * 4 + ["compare"] * 3 + ["set"] * 2
         + ["aggregate"] * 4 + ["subquery"] * 3 + ["match"] * 4 + ["label"]
         + ["date", "scalar", "timestamp", "unary"])


class Grammar(Calls, Operators):
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
