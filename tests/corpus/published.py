"""Published alert rules as they are written: block by block, unchanged."""

import re
from pathlib import Path

FOLDER = "corpus/prometheus-alerts/dist/rules"


class Rule:
    """One alert: its text, and what data has to know of it."""

    def __init__(self, source, number, text):
        self.source, self.number, self.text = source, number, text
        self.alert = re.search(r"- alert: *(\S+)", text).group(1)
        quoted = re.search(r"^ *expr: '((?:[^']|'')*)'", text, re.M)
        self.expr = quoted.group(1).replace("''", "'") if quoted else ""
        wait = re.search(r"^ *for: *(\S+)", text, re.M)
        self.wait = seconds(wait.group(1)) if wait else 0
        self.name = f"{source}:{self.alert}"
        self.shown = sorted(set(re.findall(
            r"\$labels\.([A-Za-z_]\w*)|\.Labels\.([A-Za-z_]\w*)", text)))
        self.shown = sorted({a or b for a, b in self.shown})

    def yaml(self):
        lines = self.text.splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        return "\n".join(
            ["groups:", "  - name: published", "    rules:"] +
            ["      " + line[indent:] for line in lines]) + "\n"


def seconds(text):
    units = {"ms": .001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800,
             "y": 31536000}
    return sum(int(count) * units[unit] for count, unit in
               re.findall(r"(\d+)(ms|[smhdwy])", text))


def blocks(text):
    """The lines from one `- alert:` up to the next, or to what is less deep."""
    block, depth = [], 0
    for line in text.splitlines():
        here = len(line) - len(line.lstrip())
        if line.lstrip().startswith("- alert:"):
            if block:
                yield "\n".join(block)
            block, depth = [line], here
        elif block and line.strip() and here <= depth:
            yield "\n".join(block)
            block = []
        elif block and line.strip() and not line.lstrip().startswith("#"):
            block.append(line)
    if block:
        yield "\n".join(block)


def load(shared):
    rules = []
    root = Path(shared) / FOLDER
    for path in sorted(root.rglob("*.yml")):
        for text in blocks(path.read_text(encoding="utf-8")):
            source = str(path.relative_to(root).with_suffix(""))
            rules.append(Rule(source, len(rules), text))
    return rules
