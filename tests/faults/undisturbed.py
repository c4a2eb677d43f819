"""The alerts of one device's rules against those of undisturbed runs.

The judge program `undisturbed` applies the samples of a device that the journal
holds, each as it was taken: once in the order of their stamps, once in the
order in which they came. What the agent kept must be the same alerts, from the
same instant to the same instant of event time. An alert may fire on one side
only at times for which there is a reason, the whole of such a time and its
borders within the reason's span; everything else is wrong. Each alert that
differs is listed with its reason:

  not_evaluated   samples that the live engine never saw: lane=back, damaged at
                  rest, dropped by policy; from the sample before to the one
                  after
  ahead           a timer ran before samples came that are older: `for` and
                  keep go on while a device is cut off; from the sample before
                  those to the one after the timer
  dark            its device was dark, or it was unknown: nothing was known,
                  `for` stood still, and the rules settled; where the agent
                  was blind meanwhile, `for` stands still for longer
  late            samples came after newer ones of their series; only by the
                  stamps

A span lasts a `for` or keep period longer: one that began in it ends after it.
"""

import bisect
import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass

OPEN = ("firing", "keeping", "unknown")  # one incident to people
RULES = ("at-once", "after-for", "with-keep")  # at interval 0
TIMERS = ("for", "keep_firing_for", "missing")
FOREVER = 1 << 62
TIMER_MS = {"at-once": 0, "after-for": 1000, "with-keep": 1500}  # as rules.cfg
SETTLED_MS = {"not_evaluated": 0, "ahead": 0, "dark": 2000, "late": 0}


@dataclass
class Effect:
    position: int
    ordinal: int
    rule: str
    fingerprint: str
    before: str
    after: str
    reason: str
    since: int
    at: int
    decided: int
    labels: dict

    @property
    def key(self):
        """As receivers are told it."""
        return (f"{self.position}-{self.ordinal}-{self.fingerprint}-"
                f"{self.at}")

    @property
    def series(self):
        return self.labels.get("device", ""), self.labels.get("s", "")

    @property
    def opens(self):
        return self.before not in OPEN and self.after in OPEN

    @property
    def closes(self):
        return self.before in OPEN and self.after not in OPEN


def read_effects(lines):
    """What effect_line.h prints."""
    for line in lines:
        words = line.split(" ", 10)
        yield Effect(int(words[0]), int(words[1]), *words[2:7],
                     *map(int, words[7:10]), json.loads(words[10]))


def intervals(effects):
    """{(rule, series, since, fired, over or FOREVER)}."""
    found, opened = set(), {}
    for effect in effects:
        name = effect.rule, effect.fingerprint
        if effect.opens:
            opened[name] = effect
        elif effect.closes and name in opened:
            began = opened.pop(name)
            found.add((effect.rule, effect.series, began.since, began.at,
                       effect.at))
    for began in opened.values():
        found.add((began.rule, began.series, began.since, began.at, FOREVER))
    return found


@dataclass
class Row:
    """A signal's sample in the journal."""
    position: int
    back: bool
    ms: int
    late: bool = False


class Signals:
    """The signals that the journal holds, by (device, s)."""

    def __init__(self, text):
        self.rows = defaultdict(list)
        self.lines = defaultdict(list)  # device: [(ns, line)], but lane=back
        self.records = defaultdict(list)  # device: [(position, ms, newest)]
        self.longest_way = 0  # ms from a live sample's stamp to the journal
        for line in text.splitlines():
            if not line.startswith(("batch ", "birth ")):
                self.take(line.split(" "))
        for rows in self.rows.values():
            newest = -1
            for row in rows:
                row.late = row.ms <= newest
                if not row.back:
                    newest = max(newest, row.ms)

    def take(self, words):
        position, journal_ms, ns = int(words[0]), int(words[1]), int(words[-1])
        back = words[2] == "back"
        device = words[3].split("/")[1]
        key, name, value = words[-4], words[-3], words[-2]
        records = self.records[device]
        if not back:
            self.longest_way = max(self.longest_way,
                                   journal_ms - ns // 1_000_000)
            if not records or records[-1][0] != position:
                records.append((position, journal_ms, 0))
            newest = max(records[-1][2], ns // 1_000_000)
            records[-1] = position, journal_ms, newest
        if key.startswith("sig,s=") and name == "v":
            self.rows[device, key[6:]].append(
                Row(position, back, ns // 1_000_000))
            if not back:
                self.lines[device].append((ns, f"{key} v={value} {ns}\n"))

    def clock_before(self, device, position):
        """What the device's clock had come to when that record came."""
        records = self.records[device]
        i = bisect.bisect_left(records, (position, 0, 0))
        if i == 0 or i == len(records):
            return 0
        newest = max(record[2] for record in records[:i])
        return newest + records[i][1] - records[i - 1][1]

    def holes(self, series, lost, late):
        """[(begin, end)] around what the live engine did not see, with late
        what it did not see in its place: from the sample before to the one
        after."""
        rows = self.rows[series]
        seen = sorted(row.ms for row in rows if not row.back and not row.late)
        out = [row.ms for row in rows if (row.late if late else row.back)]
        out += () if late else lost
        return [around(seen, ms, ms) for ms in out]

    def unseen(self, series, periods):
        """[(begin, at, end)] -> [(begin, end)] of stamps: from the sample
        before that position, where nothing was known from the instant at, to
        the one after that position, or after at: what came then is put after
        at."""
        rows = self.rows[series]
        seen = sorted(row.ms for row in rows if not row.back)
        return [around(seen,
                       max((row.ms for row in rows if row.position <= begin),
                           default=0),
                       max([at, *(row.ms for row in rows
                                  if row.position <= end)]))
                for begin, at, end in periods]

    def ahead(self, effect):
        """The span of a timer that ran before older samples came; None."""
        late = []
        rows = self.rows[effect.series]
        for row in rows:
            if row.back or row.ms > effect.at:
                continue
            if row.position > effect.position or (
                    row.position == effect.position and effect.at <
                    self.clock_before(effect.series[0], row.position)):
                late.append(row.ms)
        if not late:
            return None
        return around(sorted(row.ms for row in rows), min(late), effect.at)


def around(stamps, first, last):
    """From the stamp before first to the one after last."""
    before = bisect.bisect_left(stamps, first)
    after = bisect.bisect_right(stamps, last)
    return (stamps[before - 1] if before > 0 else 0,
            stamps[after] if after < len(stamps) else FOREVER)


def regions(told, calm):
    """[(begin, end)] of the times at which an alert fires on one side only,
    and of the instants at which it begins or ends on one side only."""
    edges = [{(at, step) for one in side for at, step in
              ((one[3], +1), (one[4], -1))} for side in (told, calm)]
    found = [(at, at) for at, _ in edges[0] ^ edges[1]]
    counts, before = [0, 0], None
    for at, side, step in sorted(
            (at, side, step) for side, which in enumerate((told, calm))
            for one in which for at, step in ((one[3], +1), (one[4], -1))):
        if before is not None and before < at and (
                (counts[0] > 0) != (counts[1] > 0)):
            found.append((before, at))
        counts[side] += step
        before = at
    return found


def joined(spans):
    """Those that overlap or touch as one, in order."""
    found = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def within(region, spans):
    return any(begin <= region[0] and region[1] <= end
               for begin, end in spans)


def touches(one, other):
    return one[0] <= other[1] and other[0] <= one[1]


class Comparison:
    """told against calm, both sets of intervals. An alert may differ only at
    times for which there is a reason, and only there. reasons: of each kind
    the spans of time, by (rule, series), in the order in which they are
    named."""

    def __init__(self, told, calm, reasons):
        self.told = told
        self.calm = calm
        self.reasons = reasons
        self.equal = len(told & calm)
        self.apart = {}  # interval: the reason for which it differs
        self.wrong = set()
        by_alert = defaultdict(lambda: (set(), set()))
        for side, which in enumerate((told, calm)):
            for one in which:
                by_alert[one[:2]][side].add(one)
        for alert, sides in by_alert.items():
            self.compare(alert, *sides)

    def spans(self, alert, kind):
        """A timer that began before its end may run out after it."""
        return [(begin, end + TIMER_MS[alert[0]] + SETTLED_MS[kind])
                for begin, end in self.reasons[kind](alert)]

    def compare(self, alert, told, calm):
        spans = {kind: self.spans(alert, kind) for kind in self.reasons}
        known = joined(span for some in spans.values() for span in some)
        found = regions(told, calm)
        begun = [{one[2] for one in side} for side in (told, calm)]
        for one in told ^ calm:
            mine = [region for region in found if touches(region, one[3:])]
            reason = self.reason(one, mine, spans)
            if (reason and all(within(region, known) for region in mine)
                    and (one[2] in begun[0] & begun[1]
                         or self.may_begin(one, known))):
                self.apart[one] = reason
            else:
                self.wrong.add(one)

    @staticmethod
    def may_begin(one, known):
        """A `for` that began anew within a span had begun before it."""
        return within((one[2], one[2]), [(begin - TIMER_MS[one[0]], end)
                                         for begin, end in known])

    @staticmethod
    def reason(one, found, spans):
        """The first that explains all that is different, else the first that
        has to do with it; None if there is none."""
        found = found or [one[2:4]]
        whole = (kind for kind, some in spans.items()
                 if all(within(region, joined(some)) for region in found))
        part = (kind for kind, some in spans.items()
                if any(touches(region, span)
                       for region in found for span in some))
        return next(whole, None) or next(part, None)

    def count(self, kind):
        return sum(reason == kind for reason in self.apart.values())

    def is_firm(self, one):
        """Whether it is equal, and nothing would excuse another end."""
        spans = joined(span for kind in self.reasons
                       for span in self.spans(one[:2], kind))
        return (one in self.told & self.calm and one[4] < FOREVER
                and not within((one[4], one[4]), spans))

    def text(self, one):
        rule, (device, s), since, fired, over = one
        return (f"{'told' if one in self.told else 'not told'}: {rule} of "
                f"{device} s={s} since {since}, fired {fired}, over "
                f"{over if over < FOREVER else 'never'}")


def calm_effects(command, site, signals, by_stamp):
    """What undisturbed runs of all devices decide."""
    effects = []
    for device, lines in signals.lines.items():
        done = subprocess.run(
            [command[0], site, device, *command[1:]], capture_output=True,
            text=True, check=False, input="".join(
                line for _, line in (sorted(lines) if by_stamp else lines)))
        if done.returncode != 0:
            raise ValueError(f"{device}: {done.stderr[:200]}")
        effects += read_effects(done.stdout.splitlines())
    return [effect for effect in effects if effect.rule in RULES]


def blind_periods(effects):
    """{device or (rule, series): [(begin, at, end), ...]}: when it was dark or
    unknown: positions, and the instant from which it was."""
    found, began = defaultdict(list), {}
    for effect in effects:
        if effect.rule == "dark":
            who, begins = effect.labels.get("device", ""), effect.opens
            ends = effect.closes
        else:
            who = effect.rule, effect.series
            begins, ends = (state == "unknown" for state in
                            (effect.after, effect.before))
        if ends and who in began:
            found[who].append((*began.pop(who), effect.position))
        if begins:
            began[who] = effect.position, effect.at
    for who, period in began.items():
        found[who].append((*period, FOREVER))
    return found


def stood_still(effects, periods):
    """{(rule, series): [(begin, at, end)]}: where a `for` stood still in the
    dark for longer than it was dark, by as much as its begin was moved: it goes
    on at the device's clock, and samples that come then may be older. No clock
    of a device is ahead of when the agent decided."""
    found, began = defaultdict(list), {}
    for effect in effects:
        name = effect.rule, effect.fingerprint
        if effect.after == "pending":
            began[name] = effect
        elif effect.before == "pending" and name in began:
            first = began.pop(name)
            moved = effect.since - first.since
            dark = [period for period in periods.get(effect.series[0], ())
                    if period[0] < effect.position
                    and first.position < period[2]]
            if moved <= 0 or not dark:
                continue
            begin, at, end = min(dark)
            if at + moved <= effect.decided:
                found[effect.rule, effect.series].append(
                    (begin, at + moved, end))
    return found


def compare(effects, command, site, signals, lost):
    """[by stamp, as it came]. lost: {(device, s): [ms, ...]} of samples that
    are not in the journal."""
    kept = [effect for effect in effects if effect.rule in RULES]
    told = intervals(kept)
    back, late = ({series: signals.holes(series, lost.get(series, ()), which)
                   for series in set(signals.rows) | set(lost)}
                  for which in (False, True))
    periods = blind_periods(effects)
    stood = stood_still(kept, periods)
    dark = {(rule, series): signals.unseen(
                series, periods[series[0]] + periods[rule, series]
                + stood[rule, series])
            for series in list(signals.rows) for rule in RULES}
    ahead = defaultdict(list)
    for effect in kept:
        span = signals.ahead(effect) if effect.reason in TIMERS else None
        if span:
            ahead[effect.rule, effect.series].append(span)
    reasons = {"not_evaluated": lambda alert: back.get(alert[1], ()),
               "ahead": lambda alert: ahead[alert],
               "dark": lambda alert: dark.get(alert, ())}
    as_came = intervals(calm_effects(command, site, signals, False))
    by_stamp = intervals(calm_effects(command, site, signals, True))
    return [Comparison(told, by_stamp, {
                **reasons, "late": lambda alert: late.get(alert[1], ())}),
            Comparison(told, as_came, reasons)]
