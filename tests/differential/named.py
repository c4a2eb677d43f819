"""Differences of the past, each a file of its own: cases/NAME.json.

{"why": ..., "expr": ..., "data": [lines], "from" "to" "step" or "at",
 "lookback": ms, "subquery_step": ms}; the data is written as dataset.py does.
The label ds tells the sets apart, so a case brings its own: its name.
"""

import json
import re

from compare import Difference, compare
from dataset import STALE, Series  # noqa: F401
from tally import Found

LINE = re.compile(r"^(\w+)\{(.*)\} (\S+) (\d+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class NamedCase:
    def __init__(self, path):
        self.path = path
        self.body = json.loads(path.read_text(encoding="utf-8"))
        self.lookback = self.body.get("lookback", 300_000)
        self.subquery_step = self.body.get("subquery_step", 60_000)

    def query(self):
        return {key: self.body[key] for key in ("expr", "from", "to", "step",
                                                "at") if key in self.body}

    def dataset(self):
        made = Lines()
        for line in self.body["data"]:
            made.add(line)
        return made


class Lines:
    """Series read back from their text."""

    def __init__(self):
        self.by_key = {}

    @property
    def series(self):
        return sorted(self.by_key.values(), key=lambda one: one.labels)

    def add(self, line):
        name, inner, value, stamp = LINE.match(line).groups()
        labels = {key: json.loads(f'"{text}"')
                  for key, text in LABEL.findall(inner)}
        labels["__name__"] = name
        key = tuple(sorted(labels.items()))
        one = self.by_key.setdefault(key, Series(labels, []))
        one.samples.append((int(stamp),
                            None if value == "stale" else float(value)))


def load(folder):
    return [NamedCase(path) for path in sorted(folder.glob("*.json"))]


def run(cases, servers, ours, folder):
    found = Found()
    lines, truths = [], []
    for number, case in enumerate(cases):
        server = servers.of[case.lookback, case.subquery_step]
        server.load(case.dataset())
        path = folder_of(folder) / f"{number}.prom"
        path.write_text("".join(line + "\n" for line in case.body["data"]))
        truths.append(server.ask_json(case.query()))
        lines.append({**case.query(), "data": str(path),
                      "lookback": case.lookback,
                      "subquery_step": case.subquery_step})
    answers = ours.end(ours.begin(lines, folder))
    for case, expected, got in zip(cases, truths, answers):
        try:
            compare(expected, got, case.body.get("sorts", False))
        except Difference as difference:
            found.differences.append({
                "name": case.path.name, "number": -1,
                "text": f"{case.path.name}: {case.body['expr']}\n"
                        f"    {difference}"})
    print(f"{len(cases)} named cases, {len(found.differences)} differences",
          flush=True)
    return found


def folder_of(folder):
    from pathlib import Path
    made = Path(folder) / "named"
    made.mkdir(exist_ok=True)
    return made


def keep(folder, name, case, part, text):
    """Writes a case with the series of the metrics that its text names."""
    ds = f'ds="{case.set_number}"'
    expr = part or case.expr
    words = set(re.findall(r"\w+", expr))
    lines = [line.replace(ds, f'ds="{name}"') for line in text.splitlines()
             if line.partition("{")[0] in words]
    body = {"why": "", "expr": expr.replace(ds, f'ds="{name}"'),
            **case.when, "lookback": case.lookback,
            "subquery_step": case.subquery_step, "data": lines}
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n",
                    encoding="utf-8")
    print(f"kept as {path}: say why in it")
