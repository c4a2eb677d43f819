"""Random routing trees on the real Alertmanager's amtool and on ours.

    routes.py --trees 12 --labels 25 --seed 1

Each route has a receiver of its own, so the receivers that a label set comes to
name the routes. amtool reads the tree as YAML; we read it as a routing file, and
tell each label set as an alert of a case that expects nothing: what it got
instead names the receivers. --control plants a lie in our copy of each tree,
which must be seen.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))

from local.process import Failure  # noqa: E402
from local.programs import BIN  # noqa: E402
from local.servers import binary  # noqa: E402

NAMES = ("a", "b", "severity", "unit")
VALUES = ("1", "2", "x", "xy", "critical", "22015", 'q"\\')
PATTERNS = ("1|2", "x.*", ".+", ".*", "[0-9]+", "(x|1)y?", "^1$", "crit(ical)?",
            "", "x|")


def matcher(rng):
    name = rng.choice(NAMES)
    op = rng.choice(("=", "=", "!=", "=~", "=~", "!~"))
    value = rng.choice(PATTERNS if "~" in op else VALUES + ("",))
    return name, op, value


def tree(rng, depth, counter):
    """A route as a dict: receiver, matchers, continue, routes."""
    counter[0] += 1
    route = {"receiver": f"r{counter[0]}",
             "matchers": [matcher(rng) for _ in range(rng.choice((0, 1, 1, 2)))],
             "continue": rng.random() < 0.4, "routes": []}
    if depth > 0:
        route["routes"] = [tree(rng, depth - 1, counter)
                           for _ in range(rng.randrange(4))]
    return route


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_matchers(route):
    return [f"{name}{op}{quoted(value)}" for name, op, value in route["matchers"]]


def as_yaml(route, root=True):
    """JSON is YAML."""
    out = {"receiver": route["receiver"],
           "routes": [as_yaml(child, False) for child in route["routes"]]}
    if not root:
        out["matchers"] = as_matchers(route)
        out["continue"] = route["continue"]
    return out


def as_cfg(route, root=True):
    parts = [f'receiver = "{route["receiver"]}";']
    if not root:
        texts = ", ".join(quoted(text) for text in as_matchers(route))
        if texts:
            parts.append(f"matchers = ({texts});")
        parts.append(f'continue = {"true" if route["continue"] else "false"};')
    if route["routes"]:
        below = ", ".join(as_cfg(child, False) for child in route["routes"])
        parts.append(f"routes = ({below});")
    return "{ " + " ".join(parts) + " }"


def all_of(route):
    yield route
    for child in route["routes"]:
        yield from all_of(child)


def label_sets(rng, count):
    """No blanks and quotes: both tools take labels as words."""
    for _ in range(count):
        names = rng.sample(NAMES, rng.randrange(len(NAMES) + 1))
        yield {name: rng.choice(VALUES[:-1]) for name in names}


def write_ours(folder, route):
    receivers = ", ".join(
        f'{{ name = "{one["receiver"]}"; channels = ("c"); }}'
        for one in all_of(route))
    (folder / "routes.cfg").write_text(
        f"receivers = ({receivers});\nroute = {as_cfg(route)};\n")


def ask_ours(folder, route, sets):
    write_ours(folder, route)
    lines = ["routes routes.cfg"]
    for number, labels in enumerate(sets):
        words = " ".join(f"{name}={value}" for name, value in labels.items())
        lines += [f"case {number}", f"0s fire Any {words}", "1m end"]
    (folder / "ask.desk").write_text("\n".join(lines) + "\n")
    done = subprocess.run([str(BIN / "gong-rules"), "test",
                           str(folder / "ask.desk")], capture_output=True,
                          text=True, timeout=60, check=False)
    answers = [set() for _ in sets]
    number = None
    for line in done.stdout.splitlines():
        case = re.search(r": case (\d+):$", line)
        told = re.search(r"told news (\S+): ", line)
        if case:
            number = int(case.group(1))
        elif told:
            answers[number].add(told.group(1))
        elif line.strip() not in ("expected", "got", "") \
                and "Unit Testing" not in line:
            raise Failure(f"gong-rules says {line!r}")
    return answers


def ask_theirs(folder, route, sets):
    config = {"route": as_yaml(route),
              "receivers": [{"name": one["receiver"]} for one in all_of(route)]}
    path = folder / "alertmanager.yml"
    path.write_text(json.dumps(config))
    answers = []
    for labels in sets:
        words = [f"{name}={value}" for name, value in labels.items()]
        done = subprocess.run(
            [str(binary("usr/bin/amtool")), "config", "routes", "test",
             f"--config.file={path}", "alertname=Any", *words],
            capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise Failure(f"amtool: {done.stderr}{done.stdout}")
        answers.append(set(done.stdout.split()[-1].split(",")))
    return answers


def lie(rng, route):
    """One route below the root that says the opposite; False: there is none."""
    below = [one for one in all_of(route) if one is not route]
    if not below:
        return False
    one = rng.choice(below)
    one["matchers"] = [("a", "=", "never")]
    one["routes"] = []
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=int, default=12)
    parser.add_argument("--labels", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    asked = several = differ = 0

    with tempfile.TemporaryDirectory(prefix="gong-routes-") as name:
        folder = Path(name)
        for _ in range(args.trees):
            route = tree(rng, 3, [0])
            sets = list(label_sets(rng, args.labels))
            theirs = ask_theirs(folder, route, sets)
            if args.control and not lie(rng, route):
                continue
            ours = ask_ours(folder, route, sets)
            for labels, their, our in zip(sets, theirs, ours):
                asked += 1
                several += len(their) > 1
                if their != our:
                    differ += 1
                    if not args.control:
                        print(f"{labels}: amtool {sorted(their)}, "
                              f"ours {sorted(our)}\n{as_cfg(route)}")
    print(f"{asked} label sets, {several} to several receivers, "
          f"{differ} differ")
    if several == 0:
        raise Failure("no label set came to several receivers")
    return (differ == 0) if args.control else (differ != 0)


if __name__ == "__main__":
    try:
        sys.exit(1 if main() else 0)
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
