"""Random alerting rules on the real promtool and on ours.

    alerts.py --tests 80 --seed 1

Writes unit tests of rules in promtool's own format, with expectations that say
"nothing", and asks promtool: what it got instead becomes the expectation. So
ALERTS, ALERTS_FOR_STATE and the firing alerts with their rendered annotations
are known at every step. promtool must then pass the file, and so must
`gong-rules test`; copies with one wrong expectation must fail on both.
"""

import argparse
import ast
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))
sys.path.insert(0, str(HERE))

from local.process import Failure  # noqa: E402
from local.programs import BIN  # noqa: E402
from local.servers import binary  # noqa: E402

from dataset import FAMILIES, DataSet, render_labels, render_value  # noqa: E402
from grammar import Grammar  # noqa: E402
from language import INEXACT_TEXT  # noqa: E402

STEPS = 24
# How often promtool is asked whether it passes a file that ours does not.
ASKED_AGAIN = 12
# What promtool's notation of series can say: one stamp for all.
KINDS = ("gauge", "small", "counter", "info")

ANNOTATIONS = (
    "plain", "{{ $value }}", "{{ $value | humanize }}", "đèn {{ $labels.inst }}",
    "{{ $labels.job }} at {{ printf \"%.2f\" $value }}",
    "{{ $value | printf \"%g\" }} of {{ .Labels.nothing }}",
    "{{ $value | humanizePercentage }}", "{{ humanize1024 $value }}",
    "{{ $value | humanizeDuration }}", "{{ $labels.job | toUpper }}",
    "{{ $labels.job | title }}", "{{ .Value | printf \"%e\" }}",
    "{{ reReplaceAll \"i([0-9])\" \"number $1\" $labels.inst }}",
    "two\\nlines \\\"{{ $labels.alertname }}\\\"",
)
LABELS = ({"severity": "page"}, {"severity": "warning", "team": "x"}, {},
          {"job": "taken over"}, {"who": "{{ $labels.inst }}"},
          {"severity": "page", "alertname2": "é \\\"q\\\""}, {"inst": ""})


class Test:
    """Series, rules and when to look."""

    def __init__(self, seed, number, refused=()):
        rng = random.Random(f"{seed}:alerts:{number}")
        self.annotations = [text for text in ANNOTATIONS if text not in refused]
        self.labels = [some for some in LABELS
                       if not set(some.values()) & set(refused)]
        self.rng, self.number = rng, number
        self.interval = rng.choice((30, 60, 15))
        self.step = rng.choice((self.interval, self.interval, 30))
        self.prefix = f"T{number}"
        self.series = list(self.make_series(f"{seed}:{number}"))
        self.rules = [self.rule(index) for index in range(rng.randint(2, 4))]
        self.alert_expectations = None
        self.sample_expectations = None

    def make_series(self, seed):
        rng = self.rng
        made = DataSet(seed, self.number)
        for one in made.series:
            labels = dict(one.labels)
            family = next(family for family in FAMILIES
                          if family.name == labels["__name__"])
            if family.kind in KINDS and family.name != "bytes_total":
                yield (f"{family.name}{{{render_labels(one.labels)}}}",
                       self.notation(rng, [value for _, value in one.samples]))

    def notation(self, rng, values):
        words, at, left = [], 0, STEPS * 60 // self.step + 2
        while left > 0 and values:
            value = values[at % len(values)]
            at += 1
            word = "stale" if value is None else render_value(value)
            kind = rng.random()
            count = min(left, rng.choice((1, 2, 4, 9)))
            if kind < 0.08:
                word, used = f"_x{count}", count + 0
            elif kind < 0.3 and value is not None and value == value:
                # a+bxn is one more than n samples.
                word = f"{word}{rng.choice(('+1', '-0.5', '+0.1'))}x{count}"
                used = count + 1
            elif kind < 0.34:
                word, used = "stale", 1
            elif kind < 0.36:
                word, used = "NaN", 1
            else:
                used = 1
            words.append(word)
            left -= used
        return " ".join(words)

    def rule(self, index):
        rng = self.rng
        grammar = Grammar(rng, self.number)
        node = None
        while node is None or len(node.text) > 300:
            node = grammar.selector(kinds=("gauge", "small", "counter"))
            if rng.random() < 0.6:
                node = grammar.around(node)
            node = grammar.cut(node, None)
            if INEXACT_TEXT.search(node.text) or any(
                    word in node.text for word in (
                        "wild{", "moment{", "@", "offset -", "lat_",
                        "bytes_", "rare{")):
                node = None
        rule = {"alert": f"{self.prefix}R{index}", "expr": node.text,
                "labels": rng.choice(self.labels), "annotations": {
                    f"a{n}": rng.choice(self.annotations)
                    for n in range(rng.choice((0, 1, 1, 2)))}}
        if rng.random() < 0.7:
            rule["for"] = rng.choice(("30s", "1m", "2m", "90s", "3m", "7m"))
        if rng.random() < 0.4:
            rule["keep_firing_for"] = rng.choice(("30s", "1m", "2m", "5m"))
        if index and rng.random() < 0.12:
            rule["expr"] = (f'ALERTS{{alertname="{self.prefix}R0", '
                            'alertstate="firing"} == 1')
        return rule

    def times(self):
        rng = random.Random(f"{self.number}:times")
        last = STEPS * 60
        every = [self.interval * n for n in range(last // self.interval + 1)]
        if len(every) > 40:
            every = sorted(rng.sample(every, 40))
        return every


def word(text):
    return json.dumps(text, ensure_ascii=False)


def rules_yaml(test):
    lines = ["groups:", f"  - name: {test.prefix}", "    rules:"]
    for rule in test.rules:
        lines.append(f"      - alert: {rule['alert']}")
        lines.append(f"        expr: {word(rule['expr'])}")
        for key in ("for", "keep_firing_for"):
            if key in rule:
                lines.append(f"        {key}: {rule[key]}")
        for key in ("labels", "annotations"):
            if rule[key]:
                lines.append(f"        {key}:")
                lines += [f"          {name}: {escaped(value)}"
                          for name, value in rule[key].items()]
    return "\n".join(lines) + "\n"


def escaped(text):
    """Texts above write \\n and \\" as YAML does; other quotes are plain."""
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            out += text[i:i + 2]
            i += 2
            continue
        out += '\\"' if text[i] == '"' else text[i]
        i += 1
    return f'"{out}"'


def test_yaml(test, rules_name):
    lines = ["rule_files:", f"  - {rules_name}",
             f"evaluation_interval: {test.interval}s", "tests:",
             f"  - name: {test.prefix}", f"    interval: {test.step}s",
             "    input_series:"]
    for series, values in test.series:
        lines.append(f"      - series: {word(series)}")
        lines.append(f"        values: '{values}'")
    lines.append("    alert_rule_test:")
    for name, when, alerts in expected_alerts(test):
        lines.append(f"      - eval_time: {when}s")
        lines.append(f"        alertname: {name}")
        if alerts:
            lines.append("        exp_alerts:")
        for labels, annotations in alerts:
            lines += mapping("          - exp_labels", labels)
            lines += mapping("            exp_annotations", annotations)
    lines.append("    promql_expr_test:")
    for name, when, samples in expected_samples(test):
        lines.append(f"      - expr: {name}")
        lines.append(f"        eval_time: {when}s")
        if samples:
            lines.append("        exp_samples:")
        for labels, value in samples:
            lines.append(f"          - labels: {word(labels)}")
            lines.append(f"            value: {value}")
    return "\n".join(lines) + "\n"


def mapping(key, pairs):
    if not pairs:
        return [f"{key}: {{}}"]
    return [f"{key}:"] + [f"              {name}: {word(value)}"
                          for name, value in pairs.items()]


def expected_alerts(test):
    known = test.alert_expectations or {}
    for rule in test.rules:
        for when in test.times():
            yield rule["alert"], when, known.get((rule["alert"], when), [])


def expected_samples(test):
    known = test.sample_expectations or {}
    for name in ("ALERTS", "ALERTS_FOR_STATE"):
        for when in test.times():
            yield name, when, known.get((name, when), [])


PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r'(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}) ([^ ,]+)')


def seconds(text):
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units[unit]
               for count, unit in re.findall(r"(\d+)([hms])", text))


def pairs_of(text):
    return {name: ast.literal_eval(f'"{value}"')
            for name, value in PAIR.findall(text)}


def learn(test, lines):
    """Turns what promtool says it got into expectations."""
    test.alert_expectations, test.sample_expectations = {}, {}
    key, labels = None, None
    for line in lines:
        head = re.match(r"\s+alertname: (\w+), time: (\w+),", line)
        query = re.match(r'\s+expr: "(\w+)", time: (\w+),', line)
        said = line.strip()
        if head:
            key = head.group(1), seconds(head.group(2))
        elif query:
            key = query.group(1), seconds(query.group(2))
        elif said.startswith("Labels:"):
            labels = pairs_of(said)
            labels.pop("alertname", None)
        elif said.startswith("Annotations:"):
            test.alert_expectations.setdefault(key, []).append(
                (labels, pairs_of(said)))
        elif said.startswith("got: {"):
            test.sample_expectations[key] = SAMPLE.findall(said[5:])


class File:
    """A test and its rules as promtool reads them."""

    def __init__(self, test, folder, name):
        self.test, self.folder, self.name = test, Path(folder), name
        self.rules = self.folder / f"{name}.rules.yml"
        self.path = self.folder / f"{name}.test.yml"

    def write(self):
        self.rules.write_text(rules_yaml(self.test), encoding="utf-8")
        self.path.write_text(test_yaml(self.test, self.rules.name),
                             encoding="utf-8")

    def promtool(self, path=None):
        done = subprocess.run(
            [binary("usr/bin/promtool"), "test", "rules", path or self.path],
            capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def learn(self):
        """None, or what promtool says of a file that it cannot pass."""
        test = self.test
        for _ in range(len(test.rules) + 1):
            self.write()
            _, said = self.promtool()
            faulty = set(re.findall(r"rule: (\w+), time: \w+, err:", said))
            if not faulty:
                break
            test.rules = [rule for rule in test.rules
                          if rule["alert"] not in faulty]
            if not test.rules:
                return said
        learn(test, said.splitlines())
        self.write()
        code, said = self.promtool()
        return None if code == 0 else said

    def is_by_chance(self):
        """Whether promtool itself now passes it, now does not: it adds up
        series in a random order, and an annotation may tell the last digit."""
        return any(self.promtool()[0] != 0 for _ in range(ASKED_AGAIN))

    def wrong(self, rng):
        """The text with one expectation changed; None without any."""
        text = self.path.read_text(encoding="utf-8")
        spots = [match for match in re.finditer(
            r"            value: (\S+)\n|alertstate=\\\"(firing)|"
            r"        eval_time: (\d+)s\n        exp_samples", text)]
        if not spots:
            return None
        spot = rng.choice(spots)
        cut = text[:spot.start()], spot.group(), text[spot.end():]
        if spot.group(1):
            middle = "            value: 7\n"
        elif spot.group(2):
            middle = cut[1].replace("firing", "pending")
        else:
            middle = "        eval_time: 86400s\n        exp_samples"
        path = self.folder / f"{self.name}.wrong.yml"
        path.write_text(cut[0] + middle + cut[2], encoding="utf-8")
        return path


PROBE_RULES = """groups:
  - name: probe
    rules:
      - alert: Probe
        expr: up == 0
        {where}:
          text: {text}
"""
PROBE_TEST = """rule_files: [probe.rules.yml]
tests:
  - interval: 1m
    input_series: [{series: up, values: '1 1'}]
"""


def refused_templates(program, folder):
    """Those that docs/RULES.md refuses so far, asked one by one."""
    refused = []
    rules = Path(folder) / "probe.rules.yml"
    test = Path(folder) / "probe.test.yml"
    test.write_text(PROBE_TEST)
    texts = [("annotations", text) for text in ANNOTATIONS] + [
        ("labels", text) for some in LABELS for text in some.values()]
    for where, text in texts:
        rules.write_text(PROBE_RULES.format(where=where, text=escaped(text)),
                         encoding="utf-8")
        code, said = ours(program, test)
        if code != 0 and "expected" in said:
            refused.append(text)
    return refused


def ours(program, path):
    done = subprocess.run([program, "test", path], capture_output=True,
                          text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def judge(file, program, rng, counts, keep):
    """Complaints about one file; counts what it says."""
    refused = file.learn()
    if refused is not None:
        counts["left out"] += 1
        return []
    test = file.test
    counts["firing"] += sum(map(len, test.alert_expectations.values()))
    counts["samples"] += sum(map(len, test.sample_expectations.values()))
    if program is None:
        return []
    complaints = []
    code, said = ours(program, file.path)
    if code != 0 and file.is_by_chance():
        counts["by chance"] += 1
        return []
    if code != 0:
        complaints.append(f"{file.name}: promtool passes it, ours does not "
                          f"({code}):\n{said[:3000]}")
    wrong = file.wrong(rng)
    if wrong is not None:
        there, here = file.promtool(wrong)[0], ours(program, wrong)[0]
        counts["wrong copies"] += there != 0
        if (there == 0) != (here == 0):
            complaints.append(f"{wrong.name}: promtool ends with {there}, ours "
                              f"with {here}")
    if complaints and keep:
        kept = Path(keep)
        kept.mkdir(parents=True, exist_ok=True)
        for path in (file.rules, file.path, wrong):
            if path:
                (kept / path.name).write_text(
                    path.read_text(encoding="utf-8"), encoding="utf-8")
    return complaints


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", type=int, default=60)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--test", help="SEED:NUMBER: repeats one test")
    parser.add_argument("--binary", default=str(BIN / "gong-rules"))
    parser.add_argument("--only-reference", action="store_true")
    parser.add_argument("--keep", metavar="DIR",
                        help="where files go that differ")
    return parser.parse_args()


def main():
    args = options()
    program = None if args.only_reference else args.binary
    if program and not os.path.exists(program):
        raise Failure(f"{program} is missing: build it first")
    counts, complaints = collections.Counter(), []
    numbers = range(args.tests)
    if args.test:
        args.seed, _, number = args.test.partition(":")
        numbers = [int(number)]
    with tempfile.TemporaryDirectory(prefix="gong-alerts-") as folder:
        refused = refused_templates(program, folder) if program else []
        for text in refused:
            print(f"left out, refused by ours: {text}")
        for number in numbers:
            file = File(Test(args.seed, number, refused), folder, f"test-{number}")
            found = judge(file, program,
                          random.Random(f"{args.seed}:wrong:{number}"), counts,
                          args.keep)
            for complaint in found:
                print(f"DIFFERENT {complaint}\n    again: alerts.py --test "
                      f"{args.seed}:{number}", flush=True)
            complaints += found
    print(f"{len(numbers)} tests, {counts['left out']} left out (an error at "
          f"run time); {counts['firing']} firing alerts, {counts['samples']} "
          f"samples of ALERTS and ALERTS_FOR_STATE, {counts['wrong copies']} "
          f"wrong copies; {counts['by chance']} in which promtool is at odds "
          f"with itself; {len(complaints)} differences")
    if counts["by chance"] * 20 > len(numbers) + 20:
        print("FAILED: promtool is at odds with itself too often")
        return 1
    if counts["left out"] * 5 > len(numbers) or not counts["firing"]:
        print("FAILED: too little was compared")
        return 1
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
