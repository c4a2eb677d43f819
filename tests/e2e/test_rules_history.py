"""gong-rules over the history of an agent that runs: what was emitted is
exported, each sample once, over kills, and servers take it; rules replayed
over it say what they say over the journal."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from province import SLOW, Province, expect, run
from local.manifest import (close, key_of, parse_line, prometheus_names,
                            read_manifest)
from local.process import wait_until
from local.servers import STORES, http

BIN = Path(os.environ["GONG_BIN_DIR"]) / "gong-rules"
RULES = """
group = "tank";
rules = (
  { id = "low"; alert = "Low"; expr = "tank_level < 20"; for = "2s"; },
  { id = "down"; alert = "Down"; expr = "up == 0"; }
);
"""
# Each level comes in a message of its own, with its own stamp.
LEVELS = (50, 30, 18, 17, 16, 15, 40, 10, 60)


def gong(*words):
    return subprocess.run([BIN, *map(str, words)], capture_output=True,
                          text=True, timeout=60 * SLOW, check=False)


def exported(state, *words):
    """{key: number} of the history; each sample may be there once."""
    result = gong("export", "--data", f"history:{state}", *words)
    expect(result.returncode == 0, result.stderr)
    samples, stamp_before = {}, 0
    for line in result.stdout.splitlines():
        measurement, tags, values, stamp = parse_line(line)
        key = key_of(measurement, tags, stamp // 1_000_000)
        expect(key not in samples, f"twice: {line}")
        expect(stamp >= stamp_before, f"out of order: {line}")
        stamp_before = stamp
        samples[key] = float(values["value"])
    return samples


def transitions(data, rules):
    """What replay says of the alerts of one rule, in order."""
    result = gong("replay", "--rules", rules, "--data", data, "--format",
                  "json")
    expect(result.returncode == 0, result.stderr)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return [(row["rule"], row["at_ms"], row["from"], row["state"],
             sorted(row["labels"].items()))
            for row in rows if row["event"] == "transition"]


def history_holds_and_replays_what_came():
    with Province(store=None, rules=[], extra="""
history = { commit_interval = "1s"; };""") as town:
        rules = town.folder / "tank.cfg"
        rules.write_text(RULES)
        state = town.folder / "agent-state"
        collector = town.collector()
        began = time.time_ns() // 1_000_000
        for n, level in enumerate(LEVELS):
            town.broker.publish(
                "gong/v1/22015/tank-1/data",
                f"tank,part=a level={level} {(began + n * 1000) * 1_000_000}")
            if n == 4:  # commits were made; what came since is read again
                wait_until((state / "history.db").exists, 10 * SLOW,
                           "the history")
                town.agent.process.send(signal.SIGKILL)
                town.agent.process.child.wait()
                town.agent.start()
            time.sleep(1)
        collector.stop()
        wanted = read_manifest(collector.manifest, prometheus_names)

        def all_there():
            there = exported(state)
            return wanted and all(there.get(key) == value
                                  for key, value in wanted.items())

        wait_until(all_there, 20 * SLOW, "the history to hold the manifest")
        key = ("tank_level", (("device", "tank-1"), ("part", "a"),
                              ("site", "22015")))
        wait_until(lambda: len([k for k in exported(state)
                                if k[:2] == key]) == len(LEVELS),
                   20 * SLOW, "all levels")
        one = exported(state, "--match", 'tank_level{part="a"}')
        expect(sorted(one.items()) ==
               [((*key, began + n * 1000), level)
                for n, level in enumerate(LEVELS)], str(one))
        over = transitions(f"history:{state}", rules)
        low = [row for row in over if row[0] == "low"]
        expect([row[3] for row in low] ==
               ["pending", "firing", "inactive", "pending", "inactive"],
               str(over))
        expect(low == [row for row in
                       transitions(state / "journal", rules)
                       if row[0] == "low"], str(over))
        said = gong("eval", "--data", f"history:{state}", "--expr",
                    "min_over_time(tank_level[1m])", "--at",
                    (began + 8000) / 1000)
        expect("=> 10 @" in said.stdout, said.stdout + said.stderr)
        alerts = exported(state, "--match", "ALERTS")
        expect(not alerts, f"there are no rules: {alerts}")
        for store in STORES.values():
            takes_an_export(town.add(store(town.folder)), state)


def takes_an_export(store, state):
    """What a server that got the lines says of them; the field is value."""
    lines = gong("export", "--data", f"history:{state}").stdout
    wanted = {}
    for line in lines.splitlines():
        measurement, tags, values, stamp = parse_line(line)
        wanted[key_of(f"{measurement}_value", tags,
                      stamp // 1_000_000)] = float(values["value"])
    query = "?db=gong" if store.kind == "influxdb" else ""
    status, text = http("POST", f"{store.url}/write{query}", lines.encode())
    expect(status == 204, f"{store.kind} answered {status}: {text}")

    def holds_all():
        found = {key_of(metric, labels, stamp): value
                 for metric, labels, stamp, value in store.samples()}
        return all(key in found and close(value, found[key],
                                          store.kind == "influxdb")
                   for key, value in wanted.items())

    expect(len(wanted) > len(LEVELS), lines)
    wait_until(holds_all, 20 * SLOW, f"{store.kind} to hold the export")


run(history_holds_and_replays_what_came)
