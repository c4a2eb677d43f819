"""A piece of an expression, with what the generator knows about its series."""

BIG = 1e300


class Node:
    __slots__ = ("text", "type", "labels", "named", "low", "high", "kids",
                 "binary", "discrete", "kind", "compares")

    def __init__(self, text, kind_of_value, labels, named, low, high, kids,
                 binary=False, discrete=False, kind="gauge", compares=False):
        self.text, self.type = text, kind_of_value
        self.labels, self.named = frozenset(labels), named
        self.low = max(-BIG, min(BIG, low))
        self.high = max(-BIG, min(BIG, high))
        self.kids = kids
        self.binary = binary
        self.discrete = discrete
        self.kind = kind
        self.compares = compares

    @classmethod
    def vector(cls, text, labels, named, low, high, kids=(), **more):
        return cls(text, "vector", labels, named, low, high, list(kids), **more)

    @classmethod
    def scalar(cls, text, kids):
        return cls(text, "scalar", (), False, 0, 0, list(kids))

    @classmethod
    def matrix(cls, text, labels, low, high, kind, kids=()):
        return cls(text, "matrix", labels, False, low, high, list(kids),
                   kind=kind)

    def depth(self):
        """How many constructs lie in one another; a selector is none."""
        inner = max((kid.depth() for kid in self.kids), default=-1)
        bare = not self.kids and "(" not in self.text
        return inner + (0 if bare else 1) if self.type != "scalar" \
            else max(inner, 0)

    @property
    def call(self):
        return not self.binary and self.text.endswith(")")

    def walk(self):
        yield self
        for kid in self.kids:
            yield from kid.walk()


def bracket(node):
    return f"({node.text})" if node.binary or " offset " in node.text \
        and not node.text.endswith(")") and node.kids else node.text
