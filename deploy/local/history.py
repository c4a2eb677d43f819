"""The agent's own history, read back through its API as a store is."""

import json
import re
import time
import urllib.parse

from .process import Failure
from .servers import http

STEP_SECONDS = 300  # asked for at once


def metric_name(measurement, field):
    """What the agent calls a field of line protocol."""
    name = measurement if field == "value" else f"{measurement}_{field}"
    name = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{name}" if name[:1].isdigit() else name


def label_name(key):
    name = re.sub(r"[^a-zA-Z0-9_]", "_", key)
    return f"_{name}" if name[:1].isdigit() else name


class History:
    """Reads what the agent at url has kept since began, in seconds."""

    kind = "history"

    def __init__(self, url, began):
        self.url = url
        self.began = began

    @property
    def look_at(self):
        query = urllib.parse.urlencode({"query": "up"})
        return f"{self.url}/api/v1/query?{query}"

    def ask(self, query, at):
        words = urllib.parse.urlencode({"query": query, "time": f"{at:.3f}"})
        status, text = http("GET", f"{self.url}/api/v1/query?{words}",
                            timeout=120)
        answer = json.loads(text) if status == 200 else {}
        if answer.get("status") != "success":
            raise Failure(f"the agent's query answered {status}: {text[:500]}")
        return answer["data"]["result"]

    def samples(self):
        """Yields (metric, labels, stamp in ms, number) of every sample, with
        the labels that came: not those that the city model gives."""
        at = time.time() + 1
        while at > self.began - STEP_SECONDS:
            for row in self.ask(f'{{__name__!=""}}[{STEP_SECONDS}s]', at):
                metric, labels = as_sent(row["metric"])
                for stamp, value in row["values"]:
                    yield metric, labels, round(stamp * 1000), float(value)
            at -= STEP_SECONDS


def as_sent(metric):
    labels = dict(metric)
    name = labels.pop("__name__", "")
    if "unit" in labels and "kind" in labels:
        for own in ("unit", "kind"):
            del labels[own]
            if f"exported_{own}" in labels:
                labels[own] = labels.pop(f"exported_{own}")
    return name, labels
