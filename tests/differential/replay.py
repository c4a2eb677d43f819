"""The alert list of `gong-rules replay` against the real Prometheus' on the
same data, transition by transition.

    replay.py                              what a test run has time for
    replay.py --rounds 100 --devices 10200 all of what bench_points writes

The points of bench/bench_points and the rules of bench/rules.10s.cfg. Old data
is evaluated by promtool: its unit tests of rules run the rule manager of the
server over samples that are given, step by step. All samples of one round have
one stamp, so both see the same at each step. A transition is a change of what
ALERTS says of one label set from one step to the next; for those to firing the
value in a rendered annotation is compared too.
"""

import argparse
import collections
import json
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
from local.servers import ROOT, binary  # noqa: E402

from alerts import SAMPLE, pairs_of, seconds, word  # noqa: E402
from compare import TOLERANCE  # noqa: E402

RULES = ROOT / "bench" / "rules.10s.cfg"
PERIOD = 10  # seconds from round to round, and the rules' interval
SHOWN = 20

Rule = collections.namedtuple("Rule", "alert expr hold")


def read_rules():
    """One a line, as they stand there."""
    rules = [Rule(*found) for found in re.findall(
        r'\{ alert = "(\w+)"; expr = "([^"]+)";(?: for = "(\w+)";)? \}',
        RULES.read_text())]
    if len(rules) != 20:
        raise Failure(f"{RULES}: found {len(rules)} rules, expected 20")
    return rules


class Points:
    """What bench_points writes, as a file and as series of the rules."""

    def __init__(self, folder, rounds, devices):
        self.path = Path(folder) / "points.lp"
        self.rounds = rounds
        with open(self.path, "wb") as out:
            subprocess.run([BIN.parent / "bench" / "bench_points", str(rounds),
                            str(devices)], stdout=out, check=True)

    def series(self, read):
        """{"metric{labels}": [texts of values]} of the metrics that are read;
        a device has a line in every round."""
        series, stamps = collections.defaultdict(list), []
        with open(self.path, encoding="ascii") as lines:
            for line in lines:
                key, fields, stamp = line.split()
                name, *tags = key.split(",")
                if not stamps or stamps[-1] != stamp:
                    stamps.append(stamp)
                labels = ",".join('{}="{}"'.format(*tag.split("="))
                                  for tag in tags)
                for field in fields.split(","):
                    what, value = field.split("=")
                    metric = f"{name}_{what}"
                    if metric in read:
                        series[f"{metric}{{{labels}}}"].append(value)
        self.start_ms = int(stamps[0]) // 1_000_000
        if any(len(values) != self.rounds for values in series.values()):
            raise Failure("a series without a sample in every round")
        return series


def rules_yaml(rules):
    lines = ["groups:", "  - name: bench", "    rules:"]
    for rule in rules:
        lines += [f"      - alert: {rule.alert}",
                  f"        expr: {word(rule.expr)}"]
        if rule.hold:
            lines.append(f"        for: {rule.hold}")
        lines += ["        annotations:", '          value: "{{ $value }}"']
    return "\n".join(lines) + "\n"


def test_yaml(rules, series, rounds):
    """Expects nothing at any step: what there is, promtool tells."""
    steps = [f"{PERIOD * step}s" for step in range(rounds)]
    lines = ["rule_files: [rules.yml]", f"evaluation_interval: {PERIOD}s",
             "tests:", f"  - interval: {PERIOD}s", "    input_series:"]
    for name, values in series.items():
        lines += [f"      - series: {word(name)}",
                  f"        values: '{' '.join(values)}'"]
    lines.append("    alert_rule_test:")
    lines += [f"      - {{eval_time: {step}, alertname: {rule.alert}}}"
              for rule in rules for step in steps]
    lines.append("    promql_expr_test:")
    lines += [f"      - {{expr: ALERTS, eval_time: {step}}}" for step in steps]
    return "\n".join(lines) + "\n"


def identity(labels):
    return tuple(sorted((name, value) for name, value in labels.items()
                        if name not in ("__name__", "alertstate")))


class Reference:
    """promtool: the states at each step, and the values of what fires."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.states = collections.defaultdict(dict)  # step: {identity: state}
        self.values = {}  # (step, identity): text

    def run(self, rules, series, rounds):
        (self.folder / "rules.yml").write_text(rules_yaml(rules))
        path = self.folder / "test.yml"
        path.write_text(test_yaml(rules, series, rounds))
        said = subprocess.run([binary("usr/bin/promtool"), "test", "rules", path],
                              capture_output=True, text=True)
        self.learn((said.stdout + said.stderr).splitlines())

    def learn(self, lines):
        step, labels = None, None
        for line in lines:
            head = re.match(r"\s+alertname: \w+, time: (\w+),", line)
            query = re.match(r'\s+expr: "ALERTS", time: (\w+),', line)
            text = line.strip()
            if head or query:
                step = seconds((head or query).group(1)) // PERIOD
            elif "err:" in text or text.startswith("parse error"):
                raise Failure(f"promtool says: {text}")
            elif text.startswith("Labels:"):
                labels = pairs_of(text)
            elif text.startswith("Annotations:"):
                self.values[step, identity(labels)] = pairs_of(text)["value"]
            elif text.startswith("got: {"):
                for sample, _ in SAMPLE.findall(text[5:]):
                    labels = pairs_of(sample)
                    self.states[step][identity(labels)] = labels["alertstate"]

    def transitions(self, rounds):
        before = {}
        for step in range(rounds):
            now = self.states.get(step, {})
            for who in before.keys() | now.keys():
                was = before.get(who, "inactive")
                state = now.get(who, "inactive")
                if was != state:
                    yield (step, who, was, state), self.values.get((step, who))
            before = now


def ours(program, points):
    """{(step, identity, from, state): value} of gong-rules replay."""
    done = subprocess.run(
        [program, "replay", "--rules", RULES, "--data", points.path,
         "--format", "json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"gong-rules ended with {done.returncode}: {done.stderr}")
    found = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if told["event"] != "transition":
            continue
        step, rest = divmod(told["at_ms"] - points.start_ms, 1000 * PERIOD)
        if rest:
            raise Failure(f"a transition between two steps: {line}")
        key = (step, identity(told["labels"]), told["from"], told["state"])
        if key in found:
            raise Failure(f"told twice: {line}")
        found[key] = told["value"]
    return found


def differs(key, text, value):
    """A value is compared where both have one: where it starts to fire."""
    if key[3] != "firing" or text is None:
        return key[3] == "firing"
    a, b = float(text), float(value)
    return abs(a - b) > TOLERANCE * max(abs(a), abs(b))


def compare(there, here):
    """Complaints, in the order of time."""
    for key in sorted(there.keys() | here.keys()):
        step, who, was, state = key
        what = (f"{PERIOD * step} s, {was} -> {state}: "
                f"{', '.join('='.join(pair) for pair in who)}")
        if key not in here:
            yield f"only Prometheus: {what}"
        elif key not in there:
            yield f"only ours: {what}"
        elif differs(key, there[key], here[key]):
            yield f"{what}: {there[key]} there, {here[key]} here"


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=65)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--binary", default=str(BIN / "gong-rules"))
    return parser.parse_args()


def main():
    args = options()
    rules = read_rules()
    read = {re.search(r"\b[a-z]+_[a-z0-9]+\b(?=[ \[)])",
                      rule.expr.replace("avg_over_time", "")).group()
            for rule in rules}
    there = {}
    with tempfile.TemporaryDirectory(prefix="gong-replay-") as folder:
        points = Points(folder, args.rounds, args.devices)
        every = points.series(read)
        # Kind by kind: promtool holds all samples as text and as series.
        for kind in sorted({metric.split("_")[0] for metric in read}):
            prefix = f"{kind}_"
            reference = Reference(folder)
            reference.run([rule for rule in rules if prefix in rule.expr],
                          {name: values for name, values in every.items()
                           if name.startswith(prefix)}, args.rounds)
            there.update(reference.transitions(args.rounds))
        here = ours(args.binary, points)
    complaints = list(compare(there, here))
    for complaint in complaints[:SHOWN]:
        print(f"DIFFERENT {complaint}")
    fired = collections.Counter(dict(key[1])["alertname"] for key in there
                                if key[3] == "firing")
    ended = {dict(key[1])["alertname"] for key in there if key[2] == "firing"}
    silent = [rule.alert for rule in rules
              if not fired[rule.alert] or rule.alert not in ended]
    print(f"{args.rounds} rounds of {args.devices} devices, {len(rules)} rules: "
          f"{len(there)} transitions of Prometheus, {len(here)} of ours, "
          f"{sum(fired.values())} to firing; {len(complaints)} differences")
    if silent:
        print(f"FAILED: these never fired and ended: {', '.join(silent)}")
    return 1 if complaints or silent else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
