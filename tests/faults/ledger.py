"""The delivery ledger against what the agent's journal holds.

Every number that its senders gave out and that it holds for settled is in the
journal, or in a range that the ledger names as lost, never in both and never in
neither. What it counts as dropped is what is not there.
"""

from collections import defaultdict


def numbers_in(ranges):
    return {number for first, last in ranges
            for number in range(first, last + 1)}


def is_at_rest(devices, damages):
    """Whether nothing is known to be missing without a reason, but for what
    was damaged in the journal."""
    excused = set().union(*(damage.numbers for damage in damages))
    return all((device["device"], number) in excused
               for device in devices for epoch in device["epochs"]
               for number in numbers_in(epoch["missing_ranges"]))


class Numbers:
    """Of batches. text: of journal_samples; damages: at rest, see town.py."""

    def __init__(self, text, damages):
        self.came = defaultdict(list)  # (device, epoch): [number, ...]
        for line in text.splitlines():
            if line.startswith("batch "):
                _, _, device, epoch, number = line.split(" ")
                self.came[device.split("/")[1], epoch].append(int(number))
        self.spool, self.flipped = set(), set()  # (device, number), damaged
        self.journal = {}  # likewise: how many samples
        for damage in damages:
            if damage.name == "agent":
                self.journal |= damage.numbers
            else:
                self.spool |= damage.numbers.keys()
                if damage.how == "flip":
                    self.flipped |= damage.numbers.keys()


class Ledger:
    def __init__(self, devices, numbers):
        self.epochs = [(device["device"], epoch) for device in devices
                       for epoch in device["epochs"]]
        self.numbers = numbers
        self.violations = []
        self.named = 0

    def judge(self):
        for device, epoch in self.epochs:
            self.judge_epoch(device, epoch)
        self.judge_flipped()

    def judge_epoch(self, device, epoch):
        """What was damaged in the journal was there, and came."""
        who = f"{device} epoch {epoch['epoch']}"
        came = set(self.numbers.came.get((device, epoch["epoch"]), ()))
        lost, first = set(), max(epoch["first"], 1)
        ranges = epoch["lost_ranges"]
        for run in ranges:
            lost |= numbers_in([(run["first"], run["last"])])
        named = (epoch["dropped"] + epoch["damaged"] + epoch["torn"])
        if named > len(lost):  # the oldest have lost their names
            first = min(lost, default=epoch["settled"])
        self.named += sum(run["last"] - run["first"] + 1 for run in ranges
                          if run["reason"] != "torn")
        # What the agent had and lost: nobody can send it again.
        missing = numbers_in(epoch["missing_ranges"])
        silent = {number for number in missing
                  if (device, number) not in self.numbers.journal}
        if silent:
            self.violations.append(f"{who}: {len(silent)} batches are missing "
                                   f"without a reason: {sorted(silent)[:3]}")
        away = {number for number in range(first, epoch["settled"] + 1)
                if number not in came
                and (device, number) not in self.numbers.journal}
        for what, wrong in (("settled, neither there nor named", away - lost),
                            ("named as lost, and there", lost & came)):
            if wrong:
                self.violations.append(f"{who}: {len(wrong)} batches are "
                                       f"{what}: {sorted(wrong)[:3]}")

    def judge_flipped(self):
        """Each damaged record that never came has its reason."""
        reasons = defaultdict(set)
        for device, epoch in self.epochs:
            for run in epoch["lost_ranges"]:
                for number in range(run["first"], run["last"] + 1):
                    reasons[device, number].add(run["reason"])
        came = {(device, number) for (device, _), numbers in
                self.numbers.came.items() for number in numbers}
        gone = self.numbers.spool - came - self.numbers.journal.keys()
        wrong = {one for one in gone if not reasons[one]}
        wrong |= {one for one in gone & self.numbers.flipped
                  if not reasons[one] & {"damaged", "drop_oldest"}}
        if wrong:
            self.violations.append(
                f"{len(wrong)} damaged batches are not named as such in the "
                f"ledger: {sorted(wrong)[:3]}")
        told = {(device, number) for device, epoch in self.epochs
                for run in epoch["lost_ranges"] if run["reason"] == "damaged"
                for number in range(run["first"], run["last"] + 1)}
        strange = told - self.numbers.spool
        if strange:
            self.violations.append(
                f"{len(strange)} batches are named as damaged that were not: "
                f"{sorted(strange)[:3]}")

    def dropped(self, device):
        """(batches, points)."""
        rows = [epoch for name, epoch in self.epochs if name == device]
        return (sum(epoch["dropped"] for epoch in rows),
                sum(epoch["dropped_points"] for epoch in rows))

    def dropped_after_damage(self, device):
        """(samples, perhaps more) in batches that its sender had no ack for
        and dropped, and that the agent had had: its journal was damaged there.
        Perhaps: in those whose names the ledger no longer has."""
        sure = perhaps = 0
        for name, epoch in self.epochs:
            if name != device:
                continue
            came = set(self.numbers.came.get((device, epoch["epoch"]), ()))
            told = [(run["first"], run["last"])
                    for run in epoch["lost_ranges"]]
            dropped = numbers_in([
                (run["first"], run["last"]) for run in epoch["lost_ranges"]
                if run["reason"] == "drop_oldest"])
            nameless = epoch["dropped"] > len(dropped)
            for (of, number), samples in self.numbers.journal.items():
                if of != device or number in came:
                    continue
                if number in dropped:
                    sure += samples
                elif nameless and number < min(told)[0]:
                    perhaps += samples
        return sure, perhaps
