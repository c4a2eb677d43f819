#!/usr/bin/env python3
"""Line coverage of what each fuzz target is for, under its committed corpus.

    ./gong test --coverage

builds the preset `coverage`, feeds every target its corpus as the ordinary
tests do, and asks gcov about the files below. Exit 1 where one of them is
under the least: no file is let through."""

import argparse
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEAST = 90.0

# What is parsed from bytes that others wrote, by the target that is for it.
SUBJECTS = {
    "expression": ["rules/engine/promql*.c", "rules/engine/plan*.c"],
    "rule_file": ["rules/rule_file*.c", "rules/engine/calendar*.c", "rules/engine/clause*.c"],
    "template": ["rules/engine/template*.c"],
    "engine_record": ["rules/engine/engine*.c", "rules/engine/alert.c", "rules/engine/declared.c",
                      "rules/engine/presence.c"],
    "engine_snapshot": ["rules/engine/engine_snapshot*.c", "rules/engine/groups_restore.c",
                        "rules/engine/sample_window_check.c"],
    "link_token": ["agent/tell/link_sign.c"],
    "utf16": ["agent/utf16*.c"],
    "zalo_answer": ["agent/tell/zalo_answer.c"],
    "message_text": ["agent/tell/message_fill.c", "agent/tell/message_vars.c"],
}
# Files that a target of another line covers.
EXCEPT = {"engine_record": ["rules/engine/engine_snapshot*.c"]}
# What stays unreached in them is for the unit tests: want of memory, and a source
# that cannot be read, while an engine is restored; more files of rules than a
# bundle takes; kinds of values that no template brings to some places.


def matches(patterns):
    found = []
    for pattern in patterns:
        found += glob.glob(os.path.join(ROOT, pattern))
    return {os.path.relpath(path, ROOT) for path in found}


def gcov(build, target):
    """Lines of each source that one run of a target's corpus counts."""
    for path in glob.glob(os.path.join(build, "**", "*.gcda"), recursive=True):
        os.remove(path)
    subprocess.run([os.path.join(build, "tests", f"fuzz_{target}"),
                    os.path.join(ROOT, "tests", "fuzz", "corpus", target)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    counted = {}
    data = sorted(glob.glob(os.path.join(build, "**", "*.gcda"), recursive=True))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gcov", "--json-format", *data], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in os.listdir(folder):
            with gzip.open(os.path.join(folder, name), "rt", encoding="utf-8") as file:
                document = json.load(file)
            for source in document["files"]:
                path = os.path.join(document["current_working_directory"], source["file"])
                lines = counted.setdefault(os.path.relpath(os.path.realpath(path), ROOT), {})
                for line in source["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, 0) + line["count"]
    return counted


def show(target, counted, missing):
    wanted = matches(SUBJECTS[target]) - matches(EXCEPT.get(target, []))
    low = []
    for path in sorted(wanted):
        lines = counted.get(path, {})  # none where the program does without the file
        share = 100.0 * sum(count > 0 for count in lines.values()) / max(len(lines), 1)
        note = ""
        if share < LEAST:
            note = "  TOO LOW"
            low.append(path)
        print(f"{share:6.1f} % of {len(lines):4d} lines  {path}{note}")
        if missing:
            print("        never:", *(str(n) for n, count in sorted(lines.items()) if count == 0))
    return low


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "coverage"))
    parser.add_argument("--missing", action="store_true", help="name the lines that never ran")
    parser.add_argument("targets", nargs="*", help=", ".join(SUBJECTS))
    arguments = parser.parse_args()
    low = []
    for target in arguments.targets or SUBJECTS:
        if target not in SUBJECTS:
            parser.error(f"no such target: {target}")
        print(f"fuzz.{target}:")
        low += show(target, gcov(os.path.abspath(arguments.build), target), arguments.missing)
    if low:
        sys.exit(f"below {LEAST:g} %: " + ", ".join(low))


if __name__ == "__main__":
    main()
