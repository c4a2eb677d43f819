"""What must hold after a run, judged from outside."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

from feed import SIGNALS
from plan import COLLECTORS
from town import ROOT

TOOLS = Path(os.environ.get("GONG_TOOL_DIR", ROOT / "build" / "dev" / "tests"))
ALERTS = ("AtOnce", "AfterFor", "WithKeep", "OnGrid")
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
        self.reported = 0  # bytes that a collector says it dropped
        self.damaged = set()
        for damage in town.damages:
            self.damaged |= damage.samples
        self.may_drop = (f"box-{COLLECTORS - 1}"
                         if town.policy == "drop_oldest" else None)

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
            elif metric == "internal_collector_spool_dropped_bytes":
                self.reported = max(self.reported, value)
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
        cut = self.cut_requests()
        allowed = (doubled & cut if self.town.kind == "victoriametrics-plain"
                   else set())
        if doubled - allowed:
            self.wrong(f"{len(doubled - allowed)} samples are doubled in the "
                       "store", doubled - allowed)
        dropped = self.dropped(found)
        if dropped and not self.reported:
            self.wrong(f"{len(dropped)} samples were dropped, and no "
                       "collector reported it", dropped)
        self.figures.update(
            accepted=len(self.accepted), unanswered=len(self.unknown),
            refused=sum(len(f.notes.refused) for f in self.town.feeders),
            stored=len(set(found) & set(self.accepted)),
            damaged=len(self.damaged), dropped=len(dropped),
            doubled=len(doubled))

    def cut_requests(self):
        """Samples of requests to the store whose answer never arrived, or was
        worth nothing: a killed VictoriaMetrics has lost what it answered for
        in its last seconds, so that is sent once more."""
        link = self.town.links["store-link"]
        worthless = [request for began, request in link.done
                     if any(kill - 13 <= began <= kill + 20
                            for kill in self.town.store_kills)]
        samples = set()
        for request in link.cut + worthless:
            for line in request.decode(errors="replace").splitlines():
                tags = re.match(r"(load|sig),(\S+) .*n=(\d+)i", line)
                if tags:
                    pairs = dict(tag.split("=") for tag in
                                 tags[2].split(","))
                    samples.add((pairs["device"], f"{tags[1]},s={pairs['s']}",
                                 int(tags[3])))
        return samples

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
            _, lane, device, key, name, value, _ = line.rsplit(" ", 6)
            if name == "n":
                applied[device.split("/")[1], key, int(value)] += 1
                back += lane == "back"
        twice = {sample for sample, count in applied.items() if count > 1}
        if twice:
            self.wrong(f"{len(twice)} samples were applied twice", twice)
        self.judge_all_there("the journal", applied)
        self.figures.update(applied=len(applied), backlog=back)

    def only_moved(self, text):
        """Records that are gone from the journal no longer move the clock of
        their device, so a timer may run at another record or after another
        one. Of each alert the same must have become, at whatever position; one
        that the engine no longer knew ended as lost."""
        if not any(damage.name == "agent" for damage in self.town.damages):
            return False
        then, now = {}, {}
        sides = {"extra": then, "then": then, "missing": now, "now": now}
        for line in text.splitlines():
            word, _, effect = line.partition(" ")
            if word in sides:
                effect = json.loads(effect.strip())
                chain = sides[word].setdefault(
                    (effect["rule"], effect["fingerprint"]), [])
                if not chain or chain[-1][0] != effect["to"]:
                    chain.append((effect["to"], effect["reason"]))
        return all(same_end(then.get(alert, []), now.get(alert, []))
                   for alert in {*then, *now})

    def judge_replay(self):
        done = self.tool("journal_replay")
        head, _, rest = done.stdout.partition("\n")
        counts = dict(word.split("=") for word in head.split())
        if done.returncode != 0 and not self.only_moved(done.stderr):
            self.wrong(f"replaying gives other effects: {head}")
        straddling = 0
        for line in rest.splitlines():
            *_, reason, since, at = line.split(" ")
            if reason in ("for", "keep", "missing"):
                straddling += any(int(since) <= begin <= int(at)
                                  for begin, _, _ in self.town.spans)
        self.figures.update(transitions=int(counts.get("transitions", 0)),
                            timers=int(counts.get("timers", 0)),
                            straddling=straddling)

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

    def told(self):
        """{(alert, device, s): [(key, status), ...]} in order of arrival,
        repeats with the same key left out; and how many those were."""
        events, seen, repeats = {}, set(), 0
        for key, alert in zip(self.town.webhook.keys,
                              self.town.webhook.alerts):
            if key in seen:
                repeats += 1
                continue
            seen.add(key)
            labels = alert["labels"]
            events.setdefault((labels["alertname"], labels["device"],
                               int(labels["s"])), []).append(
                                   (key, alert["status"]))
        return events, repeats

    def expected(self):
        return {(name, f"box-{i}", k): final_levels(i)[k]
                for name in ALERTS for i in range(COLLECTORS)
                for k in range(SIGNALS)}

    def all_told(self):
        events, _ = self.told()
        return all((events.get(alert, [("", "resolved")])[-1][1] == "firing")
                   == bool(level) for alert, level in self.expected().items())

    def judge_told(self):
        events, repeats = self.told()
        for alert, level in self.expected().items():
            history = events.get(alert, [])
            last = history[-1][1] if history else "resolved"
            if (last == "firing") != bool(level):
                self.wrong(f"{alert} is {'true' if level else 'false'} at the "
                           f"end, but people were last told {last}")
            for before, after in zip(history, history[1:]):
                if before[1] == after[1]:
                    self.wrong(f"{alert} was told {after[1]} twice: "
                               f"{before[0]}, {after[0]}")
            if history and history[0][1] != "firing":
                self.wrong(f"{alert} was resolved before it fired")
        self.figures.update(
            told=sum(len(history) for history in events.values()),
            told_again=repeats,
            true_at_end=sum(self.expected().values()))

