"""The alerts of one device's rules against those of undisturbed runs.

The judge program `undisturbed` applies the samples of a device that the journal
holds, each as it was taken: once in the order of their stamps, once in the
order in which they came. What the agent kept must be the same alerts, from the
same instant to the same instant of event time. Set apart and counted:

  not evaluated   alerts that touch samples which the live engine never saw:
                  lane=back, damaged at rest, dropped by policy
  ahead           alerts that touch a timer which ran before samples came that
                  are older: `for` and keep go on while a device is cut off
  dark            alerts that touch a time in which their device was dark, or
                  the rules settled: nothing was known, and `for` stood still
  late            alerts that are as they must be in the order in which samples
                  came, and other ones by their stamps: they touch samples that
                  came after newer ones of their series
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
        """[(begin, end)] of positions -> of stamps: from the sample before the
        device turned dark to the one after it was back."""
        rows = self.rows[series]
        seen = sorted(row.ms for row in rows if not row.back)
        return [around(seen,
                       max((row.ms for row in rows if row.position <= begin),
                           default=0),
                       max((row.ms for row in rows if row.position <= end),
                           default=0))
                for begin, end in periods]

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


def touches(interval, spans):
    _, _, since, _, over = interval
    return any(since <= end and begin <= over for begin, end in spans)


def overlap(one, other):
    return (one[:2] == other[:2] and one[2] <= other[4]
            and other[2] <= one[4])


def later(interval):
    """Its end a second later."""
    return *interval[:4], interval[4] + 1000


def spread(different, apart):
    """Those of different that overlap what is set apart, and so on."""
    grown = True
    while grown:
        grown = False
        for one in different - apart:
            if any(overlap(one, other) for other in apart):
                apart.add(one)
                grown = True
    return apart


class Comparison:
    """told against calm, both sets of intervals; apart: of each kind the spans
    that excuse a difference, by (rule, series). The first kind excuses from
    being compared at all."""

    def __init__(self, told, calm, **apart):
        self.told = told
        self.calm = calm
        self.counts = {}
        different, blind = told ^ calm, set()
        for kind, spans in apart.items():
            touching = {one for one in (different if blind or self.counts
                                        else told | calm)
                        if touches(one, spans(one))}
            touching |= spread(different, different & touching)
            self.counts[kind] = len(touching)
            blind |= touching
            different = different - touching
        self.wrong = different
        self.equal = len((told & calm) - blind)
        self.spans = apart.values()

    def is_firm(self, one):
        """Whether nothing would excuse it were its end a little later."""
        moved = later(one)
        return (one in self.told & self.calm
                and not any(overlap(moved, other)
                            for other in self.told ^ self.calm)
                and not any(touches(moved, spans(one))
                            for spans in self.spans))

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


def dark_periods(effects):
    """{device: [(begin, end), ...]} in positions."""
    found, began = defaultdict(list), {}
    for effect in effects:
        device = effect.labels.get("device", "")
        if effect.rule == "dark" and effect.opens:
            began[device] = effect.position
        elif effect.rule == "dark" and effect.closes and device in began:
            found[device].append((began.pop(device), effect.position))
    for device, position in began.items():
        found[device].append((position, FOREVER))
    return found


def compare(effects, command, site, signals, lost):
    """[by stamp, as it came]. lost: {(device, s): [ms, ...]} of samples that
    are not in the journal."""
    kept = [effect for effect in effects if effect.rule in RULES]
    told = intervals(kept)
    back, late = ({series: signals.holes(series, lost.get(series, ()), which)
                   for series in set(signals.rows) | set(lost)}
                  for which in (False, True))
    periods = dark_periods(effects)
    dark = {series: signals.unseen(series, periods[series[0]])
            for series in list(signals.rows)}
    ahead = defaultdict(list)
    for effect in kept:
        span = signals.ahead(effect) if effect.reason in TIMERS else None
        if span:
            ahead[effect.rule, effect.series].append(span)
    apart = {"not_evaluated": lambda one: back.get(one[1], ()),
             "ahead": lambda one: ahead[one[:2]],
             "dark": lambda one: dark.get(one[1], ())}
    return [Comparison(told, intervals(calm_effects(
                command, site, signals, True)), **apart,
                late=lambda one: late.get(one[1], ())),
            Comparison(told, intervals(calm_effects(
                command, site, signals, False)), **apart)]
