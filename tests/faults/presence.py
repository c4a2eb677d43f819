"""When devices were dark, and whether they had to be.

A fault is a reason for darkness of the devices that it may cut off, from its
beginning to SETTLE_MS after its end. Beyond that nothing is dark or unknown.
"""

from plan import RETRY_MAX_S
from undisturbed import FOREVER

UNKNOWN = "unknown"
KEPT_MS = 3_000  # the rules settle for so long after blind time, and a bit
CONNECT_MS = 13_000  # a try that began in a fault is given up by then
SETTLE_MS = CONNECT_MS + 1000 * RETRY_MAX_S + KEPT_MS
DEAD_MS = 1_500  # who is away for so long is missed
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


class Presence:
    """Judges the effects that were kept. spans: of the faults, [(begin, end,
    fault)] on the wall clock, ms."""

    def __init__(self, effects, spans):
        self.effects = effects
        self.spans = spans
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

    def deaths(self):
        """[(device, begin, end)] of collectors that were killed for a while in
        which nothing hindered their wills."""
        found = []
        for begin, end, fault in self.spans:
            hindered = any(first - 500 <= end and begin <= last + KEPT_MS
                           for first, last, other in self.spans
                           if other.target in OF_WILLS)
            if (fault.kind == "kill" and fault.target.startswith("collector")
                    and end - begin >= DEAD_MS and not hindered):
                found.append((f"box-{fault.target[-1]}", begin, end))
        return found

    def overlooked(self):
        """Deaths of which nobody took notice. A device that was cut off
        before is dark already."""
        dark = periods([effect for effect in self.effects
                        if effect.rule == "dark"], is_dark)
        return [f"{device} at {begin}" for device, begin, end in self.deaths()
                if not any(of == device and since <= end + 1000
                           and (until is None or until >= begin)
                           for of, since, until in dark)]

    def count(self):
        return (len(periods(self.effects, is_dark)),
                len(periods(self.effects, is_unknown)))
