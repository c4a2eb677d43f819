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
    the agent sends its last seconds once more."""

    def __init__(self, requests, kills):
        self.kills = kills
        self.sendings = defaultdict(list)
        for request in sorted(requests, key=lambda one: one.began):
            for sample in samples_of(request.body):
                self.sendings[sample].append(request)

    def has_cause(self, first, second):
        return (not first.answered
                or any(first.began <= kill <= second.began
                       for kill in self.kills))

    def causeless(self):
        """Samples that were sent again although the store had answered, and
        was not killed since."""
        return {sample for sample, sendings in self.sendings.items()
                if not all(map(self.has_cause, sendings, sendings[1:]))}

    def again(self):
        return {sample for sample, sendings in self.sendings.items()
                if len(sendings) > 1}
