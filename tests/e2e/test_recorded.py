"""Recorded series in a real store: each sample once, over kills of the agent;
rules read them, absent() and ALERTS too."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from province import SLOW, Province, expect, run
from local.process import wait_until

KILLS = 3
SITES = {"22015": (1, 2, 3), "22016": (4, 5)}
RULES = """
group = "load";
interval = "1s";
rules = (
  { record = "site:lamp_load:sum"; expr = "sum by (site) (lamp_load)"; },
  { record = "lamps"; expr = "count(lamp_load)";
    labels = { scope = "đô thị 1"; }; },
  { id = "busy"; alert = "Busy"; expr = "site:lamp_load:sum > 8"; },
  { id = "no-pump"; alert = "NoPump"; expr = "absent(pump_flow)"; },
  { id = "alarms"; record = "site:alerts:count";
    expr = "count by (alertname) (ALERTS{alertstate=\\"firing\\"})"; },
  { id = "join"; alert = "Join";
    expr = "lamp_load * on (site) lamp_volt > 0"; }
);
"""
EXTRA = """
engine = { snapshot_min = "200ms"; snapshot_max = "1s"; settle = "1s"; };
"""
NAMES = ("site:lamp_load:sum", "lamps", "site:alerts:count")


class Lamps:
    """Each lamp says its number as its load, over and over."""

    def __init__(self, broker):
        self.broker = broker
        self.ended = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.ended:
            for site, lamps in SITES.items():
                for lamp in lamps:
                    self.broker.publish(
                        f"gong/v1/{site}/lamp-{lamp}/data",
                        f"lamp load={lamp},volt=220 {time.time_ns()}\n")
            time.sleep(0.2)

    def stop(self):
        self.ended = True
        self.thread.join()


def stored(store):
    """{(name, labels): [(stamp, value)]} of the recorded series."""
    found = {}
    # InfluxDB keeps the name as the measurement, and the field `value`.
    cut = "_value" if store.kind == "influxdb" else ""
    for metric, labels, stamp, value in store.samples():
        name = metric.removesuffix(cut)
        if name in NAMES:
            key = (name, tuple(sorted(labels.items())))
            found.setdefault(key, []).append((stamp, value))
    return found


def number(agent, name):
    return agent.metrics().get(name, 0)


def judge(found, lives):
    """No sample twice, none that is not a result, none lost."""
    total = ("lamps", (("scope", "đô thị 1"),))
    for site, lamps in SITES.items():
        key = ("site:lamp_load:sum", (("site", site),))
        expect(key in found, f"{key} is not among {list(found)}")
        values = {value for _, value in found[key]}
        expect(values <= {sum(lamps[:n + 1]) for n in range(len(lamps))},
               f"{key}: {values}")
        expect(sum(lamps) in values, f"{key}: {values}")
    expect(total in found, f"{total} is not among {list(found)}")
    expect(5 in {value for _, value in found[total]}, f"{found[total]}")
    alarms = {dict(labels).get("alertname") for name, labels in found
              if name == "site:alerts:count"}
    expect(alarms == {"Busy", "NoPump"}, f"ALERTS as recorded: {alarms}")
    for key, samples in found.items():
        stamps = [stamp for stamp, _ in samples]
        expect(len(set(stamps)) == len(stamps), f"{key}: a stamp twice")
        # The end of settling looks at once, once a life.
        loose = [stamp for stamp in stamps if stamp % 1000]
        expect(len(loose) <= len(lives) + 1, f"{key}: off the grid: {loose}")
    # Within a life, a sample each second: what was decided before a kill and
    # what after it meet without a gap but for the time it was down.
    stamps = sorted(stamp for stamp, _ in found[total])
    gaps = [(a, b) for a, b in zip(stamps, stamps[1:]) if b - a > 1000]
    print(f"samples={len(stamps)} gaps={gaps} lives={lives}")
    for begin, end in gaps:
        expect(any(begin <= back and down <= end for down, back in lives),
               f"nothing from {begin} to {end}, and no kill there: {lives}")


def recorded_series_survive_kills():
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    rules = folder / f"gong-recorded-{os.getpid()}.cfg"
    rules.write_text(RULES, encoding="utf-8")
    store = sys.argv[1]
    try:
        with Province(store=store, rules=[rules], extra=EXTRA) as province:
            play(province)
    finally:
        rules.unlink()


def log_of(agent):
    return agent.process.log_path.read_text(errors="replace")


def play(province):
    agent = province.agent
    lamps = Lamps(province.broker)
    lives = []
    for _ in range(KILLS):
        before = number(agent, "gong_agent_recorded_samples_total")
        wait_until(lambda: number(agent, "gong_agent_recorded_samples_total")
                   >= before + 15, 30 * SLOW, "recorded samples")
        down = time.time_ns() // 1000000
        agent.process.send(signal.SIGKILL)
        agent.process.child.wait()
        agent.start()
        wait_until(lambda: number(agent, "gong_engine_live") == 1,
                   30 * SLOW, "the engine to be live")
        lives.append((down, time.time_ns() // 1000000))
    wait_until(lambda: number(agent, "gong_agent_recorded_samples_total")
               >= 20, 30 * SLOW, "recorded samples")
    failing = agent.metrics()
    expect(failing.get('gong_engine_rule_failing{rule="join"}') == 1,
           f"the rule that fails is not named: {sorted(failing)}")
    expect(failing.get('gong_engine_rule_faults_total{rule="join"}', 0) > 0,
           "its faults are not counted")
    expect("event=rule_failing rule=\"join\" fault=many-to-many"
           in log_of(agent), "its fault is not logged")
    for name in ("lost", "not_finite"):
        expect(number(agent, f"gong_agent_recorded_{name}_total") == 0,
               f"recorded samples: {name}")
    lamps.stop()
    expect(agent.stop() == 0, "the agent did not stop in good order")
    judge(stored(province.store), lives)


run(recorded_series_survive_kills)
