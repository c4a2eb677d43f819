"""When devices were dark, and whether they had to be.

A fault is a reason for darkness of the devices that it may cut off, from its
beginning to SETTLE_MS after its end. Beyond that nothing is dark or unknown.
"""

import re

from plan import RETRY_MAX_S
from undisturbed import FOREVER

UNKNOWN = "unknown"
KEPT_MS = 3_000  # the rules settle for so long after blind time, and a bit
CONNECT_MS = 13_000  # a try that began in a fault is given up by then
SETTLE_MS = CONNECT_MS + 1000 * RETRY_MAX_S + KEPT_MS
DEAD_MS = 1_500  # who is away for so long is missed
KNOWN_MS = 1_000  # who was connected for so long is known
OF_WILLS = ("broker", "agent", "agent-link", "all")  # need these to arrive


def periods(effects, concerned):
    """[(device, begin, end or None)]: from each effect that concerned says yes
    to until the next one of its alert, on the clock of decisions."""
    found, opened = [], {}
    for effect in effects:
        name = effect.rule, effect.fingerprint
        if name in opened and not concerned(effect):
            found.append((effect.labels.get("device", ""),
                          opened.pop(name).decided, effect.decided))
        elif name not in opened and concerned(effect):
            opened[name] = effect
    return found + [(began.labels.get("device", ""), began.decided, None)
                    for began in opened.values()]


def is_dark(effect):
    return effect.rule in ("dark", "unit-dark") and effect.after == "firing"


def is_unknown(effect):
    return effect.after == UNKNOWN


class Connected:
    """When a program was connected, by its log. client: of those that it has;
    deaths: [(begin, end)], after which it is not."""

    def __init__(self, text, client, deaths):
        changes = [(round(1000 * float(at)), event == "connected")
                   for at, event in re.findall(
                       r"^ts=([0-9.]+) .* event=mqtt_(connected|lost) "
                       rf"client={re.escape(client)} ", text, re.MULTILINE)]
        self.changes = sorted(changes + [(end, False) for _, end in deaths])

    def up_through(self, begin, end):
        before = [up for at, up in self.changes if at <= begin]
        return bool(before and before[-1]) and not any(
            begin < at <= end for at, _ in self.changes)


class Presence:
    """Judges the effects that were kept. spans: of the faults, [(begin, end,
    fault)]; deaths: of collectors, {name: [(begin, end), ...]}; all on the
    wall clock, ms. links: {name: Connected} of them and the agent."""

    def __init__(self, effects, spans, deaths, links):
        self.effects = effects
        self.spans = spans
        self.deaths = deaths
        self.links = links
        self.late = 0  # ms after the last fault, at most

    def excess(self, device, begin, end):
        """How long after the end of a fault that concerns the device a period
        lasted; FOREVER where it began outside of all."""
        windows = [(first, last) for first, last, fault in self.spans
                   if fault.concerns(device)]
        until = None
        for first, last in sorted(windows):
            if first <= begin <= last + SETTLE_MS or (
                    until is not None and first <= until + SETTLE_MS):
                until = max(until or 0, last)
        return FOREVER if until is None else end - until

    def outside(self):
        """Periods that no fault explains."""
        found = []
        for concerned in (is_dark, is_unknown):
            for device, begin, end in periods(self.effects, concerned):
                excess = (FOREVER if end is None else
                          self.excess(device, begin, end))
                if excess > SETTLE_MS:
                    found.append(f"{device or 'the unit'} from {begin} to "
                                 f"{end or 'the end'}")
                else:
                    self.late = max(self.late, excess)
        return found

    def hindered(self, device, begin, end):
        """Whether a fault, its settling, or a wait to connect again may keep
        a will from being seen."""
        link = f"collector{device[-1]}-link"
        return not self.links["agent"].up_through(begin, end) or any(
            first - 500 <= end and begin <= last + KEPT_MS
            for first, last, other in self.spans
            if other.target in (*OF_WILLS, link))

    def seen_deaths(self):
        """[(device, begin, end)] of collectors that were dead for a while,
        had been connected, so that the broker had a will of theirs, and of
        which nothing hindered it."""
        return [(f"box-{name[-1]}", begin, end)
                for name, deaths in self.deaths.items()
                for begin, end in deaths
                if end - begin >= DEAD_MS
                and self.links[name].up_through(begin - KNOWN_MS, begin)
                and not self.hindered(f"box-{name[-1]}", begin, end)]

    def overlooked(self):
        """Deaths of which nobody took notice."""
        dark = periods([effect for effect in self.effects
                        if effect.rule == "dark"], is_dark)
        return [f"{device} at {begin}"
                for device, begin, end in self.seen_deaths()
                if not any(of == device and since <= end + 1000
                           and (until is None or until >= begin)
                           for of, since, until in dark)]

    def count(self):
        return (len(periods(self.effects, is_dark)),
                len(periods(self.effects, is_unknown)))
