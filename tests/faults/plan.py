"""What happens when in a run: the same seed gives the same plan."""

import random
from dataclasses import dataclass

PARTS = ("broker", "agent", "store")
COLLECTORS = 3
RETRY_MAX_S = 4  # the longest wait until a link is tried again


@dataclass
class Fault:
    at: float  # seconds after the feeding began
    kind: str
    target: str
    seconds: float
    seed: int
    harmless: bool = False  # there was nothing to damage

    def concerns(self, device):
        """Whether it may come between that device and the agent; "" is any."""
        if self.target.startswith("collector"):
            return not device or device[-1] == self.target[len("collector")]
        return not self.target.startswith("store")

    def __str__(self):
        return (f"{self.at:5.1f} s {self.kind} {self.target} for "
                f"{self.seconds:.1f} s")


@dataclass
class Form:
    """How long and how much; short for every test, long by command."""
    feed: float  # seconds of feeding under faults
    faults: int
    unsettled: int  # accepted and not stored when a fault begins
    rate: int  # samples a second of one collector
    stretch: float  # how long link faults take


SHORT = Form(feed=26, faults=7, unsettled=1000, rate=300, stretch=1.0)
LONG = Form(feed=32, faults=9, unsettled=1000, rate=300, stretch=1.0)


def part_of(dice):
    return dice.choice(PARTS + tuple(f"collector{i}"
                                     for i in range(COLLECTORS)))


def link_of(dice):
    return dice.choice(("agent-link", "store-link")
                       + tuple(f"collector{i}-link"
                               for i in range(COLLECTORS)))


def one(dice, kind, form):
    """(target, seconds) of a fault of that kind."""
    if kind in ("kill", "stop"):
        return part_of(dice), dice.uniform(0.2, 4)
    if kind == "restart":
        return "all", dice.uniform(0.2, 1.5)
    if kind in ("spool-flip", "spool-cut"):
        return f"collector{dice.randrange(COLLECTORS)}", dice.uniform(0.2, 2)
    if kind in ("journal-flip", "journal-cut"):
        return "agent", dice.uniform(0.2, 2)
    if kind == "late":
        return f"collector{dice.randrange(COLLECTORS)}", dice.uniform(9, 12)
    if kind == "overflow":
        return "agent-link", dice.uniform(3, 6) * form.stretch
    if kind in ("enospc", "eio", "erofs"):
        return (dice.choice(("agent", "agent", "collector0", "collector1")),
                dice.uniform(2, 4))
    if kind == "full":
        return "broker", dice.uniform(2, 4)
    if kind == "hole":
        return link_of(dice), dice.uniform(2, 9) * form.stretch
    return link_of(dice), dice.uniform(1, 6) * form.stretch


ALSO = ("eio", "erofs")  # by --kinds only

# Every run kills each of the four once; the others take turns.
OTHERS = ("stop", "restart", "reset", "hole", "delay", "slow", "flaky",
          "overflow", "full", "enospc", "late", "spool-flip", "spool-cut",
          "journal-flip", "journal-cut")


def draw(dice, kinds, count):
    """Different ones as far as there are as many."""
    drawn = []
    while len(drawn) < count:
        drawn += dice.sample(kinds, min(len(kinds), count - len(drawn)))
    return drawn


def make_plan(seed, form, kinds=OTHERS):
    dice = random.Random(f"plan {seed}")
    drawn = [("kill", target) for target in PARTS]
    drawn.append(("kill", f"collector{dice.randrange(COLLECTORS)}"))
    drawn += [(kind, None) for kind in
              draw(dice, kinds, form.faults - len(drawn))]
    dice.shuffle(drawn)
    plan, at = [], 2.5
    for kind, target in drawn:
        chosen, seconds = one(dice, kind, form)
        plan.append(Fault(at, kind, target or chosen, seconds,
                          dice.randrange(1 << 30)))
        # Most begin while the one before is not over.
        at += dice.uniform(0.3, 2 * (form.feed - 6) / form.faults)
    return plan
