"""What must hold after a run, judged from outside."""

import json
import os
import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

from feed import SIGNALS
from ledger import Ledger, Numbers
from plan import COLLECTORS
from resent import Resent
from told import People, Told
from town import ROOT, SITE, SIGNAL_RULES
from undisturbed import TIMERS, Signals, compare, read_effects

TOOLS = Path(os.environ.get("GONG_TOOL_DIR", ROOT / "build" / "dev" / "tests"))
ALERTS = ("AtOnce", "AfterFor", "WithKeep", "OnGrid")
KEEP_MS = {"with-keep": 1500, "on-grid": 2000}  # as the rule files say
WATCHED = ("at-once", "after-for", "with-keep", "on-grid")
FEW = 3


def final_levels(collector):
    """Where the signals of a collector stand at the end."""
    return [(collector + k) % 2 for k in range(SIGNALS)]


def same_end(then, now):
    """Whether two chains of (state, reason) became the same."""
    if then and then[-1][1] == "lost":
        return not now or now[-1][0] == "inactive"
    return [state for state, _ in then] == [state for state, _ in now]


class Verdict:
    def __init__(self, town):
        self.town = town
        self.violations = []
        self.figures = {}
        self.accepted = {}  # (device, key, number): stamp in ns
        self.unknown = {}
        for i, feeder in enumerate(town.feeders):
            for book, notes in ((self.accepted, feeder.notes.accepted),
                                (self.unknown, feeder.notes.unknown)):
                for (key, number), stamp in notes.items():
                    book[f"box-{i}", key, number] = stamp
        self.effects = []  # what the agent kept
        self.signals = None  # what its journal holds
        self.truth = set()  # alerts that were so, by the samples' stamps
        self.firm = set()  # those of which nothing excuses another end
        self.apart = []  # alerts that differ for a reason, in words
        self.told = Told(town.webhook, ALERTS)
        self.damaged = set()
        for damage in town.damages:
            self.damaged |= damage.samples
        self.may_drop = town.may_drop
        self.ledger = []  # what the agent says of its devices

    def wrong(self, text, items=()):
        few = ", ".join(str(item) for item in sorted(items)[:FEW])
        self.violations.append(text + (f": {few}" if few else ""))

    # --- the store ---

    def read_store(self):
        """{(device, key, number): [stamp in ms, ...]}."""
        found = {}
        for metric, labels, stamp, value in self.town.store.server.samples():
            if metric in ("load_n", "sig_n"):
                key = f"{metric[:-2]},s={labels['s']}"
                found.setdefault((labels["device"], key, int(value)),
                                 []).append(stamp)
        return found

    def missing(self, found):
        """Accepted samples that are not there, and may not be absent."""
        return {sample for sample in self.accepted
                if sample not in found and sample not in self.damaged
                and sample[0] != self.may_drop}

    def dropped(self, found):
        return {sample for sample in self.accepted
                if sample not in found and sample not in self.damaged
                and sample[0] == self.may_drop}

    def judge_all_there(self, where, found):
        missing = self.missing(found)
        if missing:
            self.wrong(f"{len(missing)} accepted samples are missing in "
                       f"{where}", missing)
        strange = {sample for sample in found
                   if sample not in self.accepted
                   and sample not in self.unknown}
        if strange:
            self.wrong(f"{len(strange)} samples in {where} that nobody "
                       "accepted", strange)

    def judge_store(self, found):
        self.judge_all_there("the store", found)
        shifted = {sample for sample, stamps in found.items()
                   for stamp in stamps
                   if stamp != (self.accepted.get(sample)
                                or self.unknown.get(sample, 0)) // 1_000_000}
        if shifted:
            self.wrong(f"{len(shifted)} samples have another stamp in the "
                       "store", shifted)
        doubled = {sample for sample, stamps in found.items()
                   if len(stamps) > 1}
        resent = Resent(
            self.town.links["store-link"].requests, self.town.store_kills,
            self.town.damages)
        if self.town.kind == "victoriametrics-plain":
            doubled -= {sample for sample in resent.again()
                        - resent.causeless() if len(found.get(sample, ()))
                        <= len(resent.sendings[sample])}
        if doubled:
            self.wrong(f"{len(doubled)} samples are doubled in the store",
                       doubled)
        self.figures.update(sent_again=len(resent.again()),
                            **resent.count_causes(),
                            sent_again_causeless=len(resent.causeless()))
        dropped = self.dropped(found)
        self.figures.update(
            accepted=len(self.accepted), unanswered=len(self.unknown),
            refused=sum(len(f.notes.refused) for f in self.town.feeders),
            stored=len(set(found) & set(self.accepted)),
            damaged=len(self.damaged), dropped=len(dropped),
            doubled=sum(len(stamps) > 1 for stamps in found.values()))

    # --- the journal ---

    def tool(self, name):
        state = self.town.folder / "agent-state"
        done = subprocess.run([TOOLS / name, state], capture_output=True,
                              text=True, check=False)
        (self.town.folder / f"{name}.out").write_text(done.stdout)
        (self.town.folder / f"{name}.err").write_text(done.stderr)
        return done

    def judge_applied(self):
        done = self.tool("journal_samples")
        if done.returncode != 0:
            self.wrong(f"the journal cannot be read: {done.stderr[:200]}")
            return
        applied, back = Counter(), 0
        for line in done.stdout.splitlines():
            if line.startswith(("batch ", "birth ")):
                continue
            _, _, lane, device, key, name, value, _ = line.split(" ")
            if name == "n":
                applied[device.split("/")[1], key, int(value)] += 1
                back += lane == "back"
        twice = {sample for sample, count in applied.items() if count > 1}
        if twice:
            self.wrong(f"{len(twice)} samples were applied twice", twice)
        self.judge_all_there("the journal", applied)
        self.figures.update(applied=len(applied), backlog=back)
        self.judge_births(done.stdout)
        self.numbers = Numbers(done.stdout, self.town.damages)
        self.signals = Signals(done.stdout)
        self.applied = applied

    def judge_births(self, text):
        """Each says how often something is to be expected, so that silence
        means something."""
        births = [line.split(" ")[2:] for line in text.splitlines()
                  if line.startswith("birth ")]
        # What a collector says first it says before its inputs spoke.
        last = {device: int(every) for device, every in births}
        wrong = {device for device, every in last.items() if every !=
                 (0 if device == f"{SITE}/{self.may_drop}" else 1000)}
        wrong |= {device for device, every in births
                  if int(every) not in (0, 1000)}
        if wrong or not births:
            self.wrong(f"{len(wrong)} devices declare something else than "
                       "their inputs", wrong)
        self.figures.update(births=len(births))

    def judge_ledger(self):
        """Stored and reported as dropped is what was accepted, exactly, but
        that a sample without an answer may be either. What the agent had and
        lost with its journal its sender may drop later: the ledger follows
        the journal."""
        ledger = Ledger(self.ledger, self.numbers)
        ledger.judge()
        for text in ledger.violations:
            self.wrong(f"ledger: {text}")
        for i in range(COLLECTORS):
            batches, points = ledger.dropped(f"box-{i}")
            gone, perhaps = (
                sum(sample[0] == f"box-{i}" and sample not in self.applied
                    and sample not in self.damaged for sample in book)
                for book in (self.accepted, self.unknown))
            sure, nameless = ledger.dropped_after_damage(f"box-{i}")
            if not gone <= points - sure <= gone + perhaps + nameless:
                self.wrong(f"ledger: box-{i} dropped {points} points in "
                           f"{batches} batches, and {gone} accepted ones are "
                           f"not there ({perhaps} unanswered, {sure} to "
                           f"{sure + nameless} damaged before)")
            self.figures["reported_dropped"] = (
                self.figures.get("reported_dropped", 0) + points)
        self.figures.update(lost_named=ledger.named)

    def only_moved(self, text):
        """Records that are gone from the journal no longer move the clock of
        their device, so a timer may run at another record or after another
        one. Of each alert the same must have become, at whatever position; one
        that the engine no longer knew ended as lost. What was decided at a
        record that is gone cannot be decided again: those alerts may differ."""
        moved = [(damage.begin, damage.end) for damage in self.town.damages
                 if damage.name == "agent"]
        if not moved:
            return False
        then, now, gone = {}, {}, set()
        sides = {"extra": then, "then": then, "missing": now, "now": now}
        for line in text.splitlines():
            word, _, effect = line.partition(" ")
            if word in sides:
                effect = json.loads(effect.strip())
                chain = sides[word].setdefault(
                    (effect["rule"], effect["fingerprint"]), [])
                if any(begin <= effect["position"] <= end
                       for begin, end in moved):
                    gone.add((effect["rule"], effect["fingerprint"]))
                if not chain or chain[-1][0] != effect["to"]:
                    chain.append((effect["to"], effect["reason"]))
        return all(same_end(then.get(alert, []), now.get(alert, []))
                   for alert in {*then, *now} - gone)

    def judge_replay(self):
        done = self.tool("journal_replay")
        head, _, rest = done.stdout.partition("\n")
        counts = dict(word.split("=") for word in head.split())
        if done.returncode != 0 and not self.only_moved(done.stderr):
            self.wrong(f"replaying gives other effects: {head}")
        self.effects = list(read_effects(rest.splitlines()))
        self.figures.update(transitions=int(counts.get("transitions", 0)),
                            timers=int(counts.get("timers", 0)),
                            straddling=sum(map(self.straddles, self.effects)))

    def straddles(self, effect):
        """Whether it ended a `for` or keep period in whose time a fault began
        or ended."""
        if effect.reason not in TIMERS or effect.rule not in WATCHED:
            return False
        began = (effect.since if effect.reason == "for"
                 else effect.at - KEEP_MS[effect.rule])
        return any(began <= border <= effect.at
                   for begin, end, _ in self.town.spans
                   for border in (begin, end))

    def judge_undisturbed(self):
        """The same alerts as where nothing disturbs."""
        lost = defaultdict(list)
        for (device, key, number), stamp in self.accepted.items():
            if (key.startswith("sig,s=")
                    and (device, key, number) not in self.applied):
                lost[device, key[6:]].append(stamp // 1_000_000)
        try:
            by_stamp, as_came = compare(
                self.effects, [TOOLS / "undisturbed", SIGNAL_RULES], SITE,
                self.signals, lost)
            # With those that differ for a reason, as they were kept.
            self.truth = by_stamp.calm | (by_stamp.told - by_stamp.wrong)
            self.firm = {one for one in by_stamp.calm
                         if by_stamp.is_firm(one) and as_came.is_firm(one)}
        except ValueError as error:
            self.wrong(f"the undisturbed run failed: {error}")
            return
        for which, one in (("by their stamps", by_stamp),
                           ("as they came", as_came)):
            if one.wrong:
                self.wrong(f"{len(one.wrong)} alerts differ from an "
                           f"undisturbed run of the samples {which}",
                           map(one.text, one.wrong))
            self.apart += [
                f"alert that differs {which} ({reason}): {one.text(alert)}"
                for alert, reason in sorted(one.apart.items())
                if one is by_stamp or alert not in by_stamp.apart]
        self.figures.update(
            calm_equal=by_stamp.equal, calm_apart=len(by_stamp.apart),
            **{f"calm_{kind}": by_stamp.count(kind)
               for kind in by_stamp.reasons},
            came_equal=as_came.equal, came_apart=len(as_came.apart),
            **{f"came_{kind}": as_came.count(kind)
               for kind in as_came.reasons})

    # --- damage ---

    def judge_named(self):
        """Every damaged record is named in its program's log."""
        for damage in self.town.damages:
            text = self.town.parts[damage.name].process.log_path.read_text(
                errors="replace")
            gaps = [(int(a), int(b)) for a, b in re.findall(
                r"event=spool_set_aside .*?from=(\d+) to=(\d+)", text)]
            gaps += [(int(a), 1 << 62) for a in re.findall(
                r"event=spool_torn_tail .*?cut_at=(\d+)", text)]
            silent = [offset for offset in damage.offsets
                      if not any(a <= offset < b for a, b in gaps)]
            if silent:
                self.wrong(f"damage in {damage.name} ({damage.how}) at "
                           f"{silent} is not named in its log")

    # --- people ---

    def expected(self):
        return {(name, f"box-{i}", k): final_levels(i)[k]
                for name in ALERTS for i in range(COLLECTORS)
                for k in range(SIGNALS)}

    def all_told(self):
        events = self.told.histories()
        return all((events.get(alert, [("", "resolved")])[-1][1] == "firing")
                   == bool(level) for alert, level in self.expected().items())

    def judge_told(self):
        people = People(self.told, self.effects, self.town)
        people.judge_histories(self.expected())
        once = people.judge_repeats()
        people.judge_each(once, [
            (damage.begin, damage.end) for damage in self.town.damages
            if damage.name == "agent"])
        way = self.signals.longest_way if self.signals else 0
        people.judge_truth(once, self.truth, way)
        self.figures.update(longest_way_ms=way)
        people.judge_presence()
        for text, items in people.violations:
            self.wrong(text, items)
        self.figures.update(people.figures)
