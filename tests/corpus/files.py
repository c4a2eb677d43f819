"""Test files of promtool for one attempt, and what the two programs say."""

import ast
import re
import subprocess

from published import seconds

PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
BATCH = 40


class File:
    def __init__(self, folder, data):
        rule = data.rule
        self.data = data
        self.rules = folder / f"r{rule.number}.rules.yml"
        self.path = folder / f"r{rule.number}-{data.attempt}.yml"
        self.expected = {}

    def write(self, path=None):
        data = self.data
        if not self.rules.exists():
            self.rules.write_text(data.rule.yaml(), encoding="utf-8")
        lines = [f"rule_files: [{self.rules.name}]",
                 f"evaluation_interval: {data.every}s", "tests:",
                 f"  - interval: {data.step}s", "    input_series:"]
        for series, values in data.series:
            lines.append("      - series: '" + series.replace("'", "''") + "'")
            lines.append(f"        values: '{values}'")
        lines.append("    alert_rule_test:")
        for when in data.times():
            lines.append(f"      - eval_time: {when}s")
            lines.append(f"        alertname: {data.rule.alert}")
            alerts = self.expected.get(when, [])
            if alerts:
                lines.append("        exp_alerts:")
            for labels, annotations in alerts:
                lines += mapping("          - exp_labels", labels)
                lines += mapping("            exp_annotations", annotations)
        (path or self.path).write_text("\n".join(lines) + "\n",
                                       encoding="utf-8")


def quoted(text):
    out = "".join(
        "\\" + c if c in '\\"' else c if " " <= c != "\x7f" else
        f"\\x{ord(c):02x}" for c in text)
    return f'"{out}"'


def mapping(key, pairs):
    if not pairs:
        return [f"{key}: {{}}"]
    return [f"{key}:"] + [f"              {name}: {quoted(value)}"
                          for name, value in pairs.items()]


def pairs_of(text):
    return {name: ast.literal_eval(f'"{value}"')
            for name, value in PAIR.findall(text)}


def run(words, paths):
    """What a program says of each file."""
    done = subprocess.run([*words, *(str(path) for path in paths)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=600)
    said = {}
    parts = re.split(r"^Unit Testing:  (.*)$", done.stdout,
                     flags=re.M)
    for path, text in zip(parts[1::2], parts[2::2]):
        said[path.strip()] = text
    return [said.get(str(path), "") for path in paths]


class Verdict:
    """Passed, or alerts that came instead of none, or an error."""

    def __init__(self, text):
        self.text = text
        self.passed = bool(re.search(r"^  SUCCESS$", text, re.M))
        self.fired = bool(re.search(r"alertname: \S+, time: \w+", text))
        self.error = None if self.passed or self.fired else text.strip()[:600]
        self.alerts = {} if self.passed else self.read()

    def read(self):
        """Promtool's words as expectations."""
        alerts, when, labels = {}, None, None
        for row in self.text.splitlines():
            head = re.match(r"\s+alertname: \S+, time: (\w+),", row)
            said = row.strip()
            if head:
                when = seconds(head.group(1))
            elif said.startswith("Labels:"):
                labels = pairs_of(said)
                labels.pop("alertname", None)
            elif said.startswith("Annotations:"):
                alerts.setdefault(when, []).append((labels, pairs_of(said)))
        return alerts
