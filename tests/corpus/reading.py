"""What an expression reads, as far as making data for it needs to know."""

import ast
import random
import re

try:
    from re import _constants as kinds, _parser as parser
except ImportError:
    import sre_constants as kinds
    import sre_parse as parser

from published import seconds

TOKEN = re.compile(r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<length>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[A-Za-z_:][\w:]*)
  | (?P<sign>=~|!~|!=|==|>=|<=|[^\s\w])
""", re.X)
GROUPS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "inf", "nan", "atan2"}


class Selector:
    def __init__(self, metric, matchers, fn):
        self.metric, self.matchers, self.fn = metric, matchers, fn
        self.range = self.offset = 0


class Reading:
    def __init__(self, expr):
        self.tokens = [(match.lastgroup, match.group())
                       for match in TOKEN.finditer(expr)
                       if match.lastgroup != "space"]
        self.selectors, self.labels, self.without = [], [], set()
        self.functions, self.lists = set(), set()
        self.longest = 0
        self.at = 0
        self.stack = []
        while self.at < len(self.tokens):
            self.step()
        self.numbers = constants(expr)

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def step(self):
        kind, text = self.peek()
        if kind == "name" and text.lower() in GROUPS:
            self.label_list(text.lower())
        elif kind == "name" and text.lower() in WORDS:
            self.at += 1
        elif kind == "name" and text.lower() == "offset":
            self.offset()
        elif kind == "name" and (self.peek(1)[1] == "(" or
                                 self.peek(1)[1].lower() in GROUPS):
            self.functions.add(text)
            self.stack.append(text)
            self.at += 1
        elif kind == "name":
            self.at += 1
            self.selector(text)
        elif text == "{":
            self.selector("")
        elif text == "[":
            self.range()
        else:
            if text == "(" and (self.at == 0 or
                                self.tokens[self.at - 1][0] != "name"):
                self.stack.append("")
            if text == ")" and self.stack:
                self.stack.pop()
            self.at += 1

    def label_list(self, word):
        self.lists.add(word)
        self.at += 1
        if self.peek()[1] != "(":
            return
        self.at += 1
        while self.peek()[1] not in (")", ""):
            kind, text = self.peek()
            if kind == "name" and word not in ("without", "ignoring"):
                self.labels.append(text)
            elif kind == "name":
                self.without.add(text)
            self.at += 1
        self.at += 1

    def offset(self):
        self.at += 1
        kind, text = self.peek()
        if kind == "length":
            for one in self.selectors[-1:]:
                one.offset = seconds(text)
            self.longest = max(self.longest, seconds(text) + max(
                [one.range for one in self.selectors[-1:]], default=0))
            self.at += 1

    def range(self):
        self.at += 1
        length = 0
        while self.peek()[1] not in ("]", ""):
            kind, text = self.peek()
            if kind == "length" and not length:
                length = seconds(text)
            self.at += 1
        self.at += 1
        if self.selectors and length:
            last = self.selectors[-1]
            last.range = last.range or length
            self.longest = max(self.longest, length)

    def selector(self, metric):
        matchers = []
        if self.peek()[1] == "{":
            self.at += 1
            while self.peek()[1] not in ("}", ""):
                if self.peek()[0] == "name" and self.peek(2)[0] == "string":
                    matchers.append((self.peek()[1], self.peek(1)[1],
                                     ast.literal_eval(self.peek(2)[1])))
                    self.at += 2
                self.at += 1
            self.at += 1
        fn = next((name for name in reversed(self.stack) if name), "")
        self.selectors.append(Selector(metric, matchers, fn))


def constants(expr):
    """The numbers of an expression, and plain products of them."""
    bare = re.sub(r"\[[^\]]*\]|\"[^\"]*\"|offset \w+|\{[^}]*\}", " ", expr)
    number = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
    found = set()
    for match in re.finditer(
            rf"(?<![\w.]){number}(?:\s*[*/^+-]\s*{number})*(?![\w.])", bare):
        words = re.findall(rf"{number}|[*/^+-]", match.group())
        value = float(words[0])
        found.add(value)
        for sign, word in zip(words[1::2], words[2::2]):
            other = float(word)
            found.add(other)
            if sign == "*":
                value *= other
            elif sign == "/" and other:
                value /= other
            elif sign == "^" and abs(other) < 64:
                value **= other
        found.add(value)
    return sorted(found)


def sample(pattern, rng):
    """A text that a pattern matches."""
    return "".join(pieces(parser.parse(pattern), rng))


def pieces(tree, rng):
    for op, arg in tree:
        if op is kinds.LITERAL:
            yield chr(arg)
        elif op is kinds.ANY or op is kinds.NOT_LITERAL:
            yield "x"
        elif op is kinds.IN:
            yield one_of(arg, rng)
        elif op is kinds.BRANCH:
            yield from pieces(rng.choice(arg[1]), rng)
        elif op is kinds.SUBPATTERN:
            yield from pieces(arg[-1], rng)
        elif op in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
            for _ in range(max(arg[0], min(arg[1], rng.choice((0, 1, 2))))):
                yield from pieces(arg[2], rng)


def one_of(choices, rng):
    op, arg = rng.choice(choices)
    if op is kinds.RANGE:
        return chr(rng.randint(*arg))
    if op is kinds.LITERAL:
        return chr(arg)
    return "7" if arg is kinds.CATEGORY_DIGIT else "x"


def fits(value, op, text):
    if op == "=":
        return value == text
    if op == "!=":
        return value != text
    matched = re.fullmatch(text, value) is not None
    return matched == (op == "=~")


def value_for(name, matchers, rng):
    """A value of a label that all its matchers take; None: cannot find one."""
    mine = [(op, text) for label, op, text in matchers if label == name]
    tries = [f"{name}-1", "other", "7", "some"]
    for op, text in mine:
        if op == "=":
            tries.insert(0, text)
        elif op == "=~":
            for _ in range(8):
                tries.insert(0, sample(text, rng))
    for value in tries:
        if all(fits(value, op, text) for op, text in mine):
            return value
    return None


def self_test():
    reading = Reading('sum by (a) (rate(x{b=~"5..|q"}[5m] offset 1h)) / on(a) '
                      'y > 2 * 3')
    assert [one.metric for one in reading.selectors] == ["x", "y"]
    assert reading.labels == ["a", "a"] and 6 in reading.numbers
    assert reading.longest == 3900 and reading.selectors[0].fn == "rate"
    assert value_for("b", reading.selectors[0].matchers, random.Random(1))


self_test()
