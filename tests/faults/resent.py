"""Which samples were sent to the store more than once, and why."""

import re
from collections import defaultdict

LINE = re.compile(r"^(load|sig),(\S+) \S*n=(\d+)i", re.MULTILINE)


def samples_of(body):
    """{(device, key, number)} of a request's lines."""
    found = set()
    for name, tags, number in LINE.findall(body.decode(errors="replace")):
        pairs = dict(tag.split("=") for tag in tags.split(","))
        found.add((pairs["device"], f"{name},s={pairs['s']}", int(number)))
    return found


class Resent:
    """Every sending of every sample, as the link to the store saw it. kills:
    when the store was killed: what it had answered for may be lost, so that
    the agent sends its last seconds once more. damages: at rest, see town.py:
    what was damaged in the agent's journal comes once more where its sender
    had no ack yet, and is new to the agent."""

    def __init__(self, requests, kills, damages):
        self.kills = kills
        self.damages = [damage for damage in damages
                        if damage.name == "agent"]
        self.sendings = defaultdict(list)
        for request in sorted(requests, key=lambda one: one.began):
            for sample in samples_of(request.body):
                self.sendings[sample].append(request)

    def cause(self, sample, first, second):
        """Of its being sent a second time; None if there is none."""
        if not first.answered:
            return "cut"
        if any(sample in damage.samples
               and first.began <= damage.when <= second.began
               for damage in self.damages):
            return "damage"
        if any(first.began <= kill <= second.began for kill in self.kills):
            return "restart"
        return None

    def causes(self, sample):
        """Of each time it was sent again."""
        sendings = self.sendings[sample]
        return [self.cause(sample, *pair)
                for pair in zip(sendings, sendings[1:])]

    def causeless(self):
        """Samples that were sent again although the store had answered, and
        nothing was lost since."""
        return {sample for sample in self.again()
                if None in self.causes(sample)}

    def again(self):
        return {sample for sample, sendings in self.sendings.items()
                if len(sendings) > 1}

    def count_causes(self):
        """Sendings by their causes."""
        counts = {"cut": 0, "restart": 0, "damage": 0}
        for sample in self.again():
            for cause in filter(None, self.causes(sample)):
                counts[cause] += 1
        return {f"sent_again_{cause}": count
                for cause, count in counts.items()}
