"""What the embedded history takes on disk and in time, and beside it
VictoriaMetrics with the same samples.

    bench_history.py [--build build/release] [--devices 20] [--days 7]
    bench_history.py --agent [--rounds 600]

Samples are those of bench_points (five fields of a device every 10 s). Of both:
bytes a sample on disk when all was flushed and merged, processor time to take
them in, and two questions over all days, cold: a chart of one series and an
aggregate of all series at 5 min. Cold is: what answers was started anew, and
its files are out of the page cache. The history is asked in a process of its
own and not over HTTP, once as the API does and once without roll-ups. Its write
rate is measured once more with thousands of series at once; few series leave
more room in its pages.

--agent: what it costs in an agent that receives, keeps and evaluates as many
samples as a broker gives (10,000 series, one sample a row): processor time with
it and without.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy"))

os.environ.setdefault("GONG_PRESET", "release")
from local.process import wait_until  # noqa: E402
from local.programs import BIN, Agent  # noqa: E402
from local.servers import Mosquitto, VictoriaMetrics, http  # noqa: E402

START_MS = 1760000000000
PERIOD_MS = 10000
FIELDS = 5
ALL = '{__name__=~".+_.+"}'
# A field of each kind at once: a function takes the names away, and what is
# left must differ.
AVERAGES = " + ".join(
    'sum(avg_over_time({__name__=~"' + names + '"}[5m]))' for names in (
        "lamp_load|water_flow|air_co|road_count|power_current",
        "lamp_lux|water_level|air_no2|road_gap|power_freq",
        "lamp_power|water_ph|air_pm10|road_occupied|power_load",
        "lamp_temp|water_pressure|air_pm25|road_queue|power_temp",
        "lamp_volt|water_turbid|air_temp|road_speed|power_volt"))
QUESTIONS = {
    "chart of one series": ('lamp_load{device="lamp-00000"}', 600, 0.1),
    "aggregate of all": (f"avg({ALL})", 300, 1),
    "aggregate of averages": (AVERAGES, 300, 1),
}
RUNS = 3
# What bench_load sends.
DEVICES = 200
BATCH = 50


def drop_cache(path):
    """Clean pages of these files leave memory."""
    os.sync()
    files = [path] if path.is_file() else path.rglob("*")
    for one in files:
        if one.is_file():
            handle = os.open(one, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def size_of(folder):
    return sum(one.stat().st_size for one in folder.rglob("*")
               if one.is_file())


def processor_s(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def run(words):
    done = subprocess.run([str(word) for word in words], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


class History:
    name = "history.db"

    def __init__(self, folder, build):
        self.path = folder / "history.db"
        self.tool = build / "bench" / "bench_history"

    def write(self, devices, rounds, commit=60):
        return run([self.tool, "write", self.path, devices, rounds, commit])

    def ask(self, expr, start_ms, end_ms, step_s, raw=0):
        drop_cache(self.path)
        return run([self.tool, "query", self.path, expr, start_ms, end_ms,
                    step_s * 1000, raw])


class RawHistory(History):
    """The same file, without roll-ups."""

    name = "its raw samples"

    def ask(self, expr, start_ms, end_ms, step_s, raw=1):
        return super().ask(expr, start_ms, end_ms, step_s, raw)


class Victoria:
    name = "VictoriaMetrics"

    def __init__(self, folder, build):
        self.server = VictoriaMetrics(folder)
        self.points = build / "bench" / "bench_points"

    def restart(self):
        self.server.stop()
        drop_cache(self.server.folder)
        self.server.start()

    def write(self, devices, rounds):
        self.server.start()
        pid = self.server.process.child.pid
        cpu = 0
        start = time.monotonic()
        child = subprocess.Popen([self.points, str(rounds), str(devices)],
                                 stdout=subprocess.PIPE)
        rest = b""
        while True:
            block = child.stdout.read(8 << 20)
            cut = block.rfind(b"\n") + 1
            body = rest + (block[:cut] if block else b"")
            rest = block[cut:]
            if body:
                status, text = http("POST", f"{self.server.url}/write", body,
                                    timeout=120)
                if status != 204:
                    raise SystemExit(f"VictoriaMetrics: {status} {text}")
            if not block:
                break
        child.wait()
        wall = time.monotonic() - start
        http("GET", f"{self.server.url}/internal/force_flush", timeout=120)
        http("GET", f"{self.server.url}/internal/force_merge", timeout=120)
        time.sleep(2)
        cpu = processor_s(pid)
        self.restart()
        size = size_of(self.server.folder / "data") + size_of(
            self.server.folder / "indexdb")
        return {"samples": rounds * devices * FIELDS, "cpu": cpu,
                "wall": wall, "bytes": size}

    def ask(self, expr, start_ms, end_ms, step_s):
        self.restart()
        query = urllib.parse.urlencode({
            "query": expr, "start": start_ms / 1000, "end": end_ms / 1000,
            "step": step_s, "nocache": 1})
        start = time.monotonic()
        status, text = http(
            "GET", f"{self.server.url}/api/v1/query_range?{query}",
            timeout=120)
        wall = time.monotonic() - start
        if status != 200:
            raise SystemExit(f"VictoriaMetrics: {status} {text}")
        result = json.loads(text)["data"]["result"]
        return {"wall": wall, "series": len(result),
                "samples": sum(len(one["values"]) for one in result)}


def report_write(store, wrote):
    samples = wrote["samples"]
    print(f"{store.name:16} {wrote['bytes'] / samples:6.2f} bytes a sample on "
          f"disk, {samples / wrote['cpu'] / 1e6:6.2f} M samples a "
          f"processor-second ({wrote['wall']:.1f} s)", flush=True)


def agent_s(folder, rounds, history):
    """(processor seconds of an agent, seconds until all was done)"""
    folder.mkdir()
    rules = folder / "bench.rules"
    rules.write_text('group = "bench"; '
                     'rules = ( { alert = "R"; expr = "lamp_temp > 80"; } );')
    broker = Mosquitto(folder).start()
    agent = Agent(folder, broker.url, [rules], extra=f"""
journal = {{ size = "4GiB"; }};
ingest = {{ device_rate = 1000000.0; device_burst = 1000000.0; }};
history = {{ {history} }};
""").start()
    try:
        began = time.monotonic()
        subprocess.run([BIN.parent / "bench" / "bench_load", broker.url,
                        str(DEVICES), "0", str(rounds), "0"], check=True,
                       stdout=subprocess.DEVNULL)
        wait_until(lambda: agent.metrics().get(
            "gong_agent_history_behind_bytes", 0) == 0, 120, "the history",
            0.05)
        took_s = time.monotonic() - began
        time.sleep(2)
        return processor_s(agent.process.child.pid), took_s
    finally:
        agent.stop()
        broker.stop()


def count_all(folder, build):
    """Samples that bench_load sent, as history.db has them."""
    text = " + ".join(f"sum(count_over_time(lamp_{name}[1h]))" for name in
                      ("temp", "volt", "power", "load", "lux"))
    now_ms = time.time_ns() // 1000000
    return run([build / "bench" / "bench_history", "query",
                folder / "agent-state" / "history.db", text, now_ms, now_ms,
                1000, 0])["last"]


def run_agent(folder, build, rounds):
    samples = rounds * DEVICES * BATCH
    without, _ = agent_s(folder / "off", rounds, "on = false;")
    whole, took_s = agent_s(folder / "on", rounds, 'memory = "8MiB";')
    own = whole - without
    kept = count_all(folder / "on", build)
    if kept != samples:
        raise SystemExit(f"sent {samples} samples, the history has {kept:.0f}")
    print(f"agent: {samples / 1e6:.1f} M samples in the history after "
          f"{took_s:.1f} s, {samples / took_s / 1e3:.0f} thousand a second; "
          f"{whole:.2f} processor-seconds, {without:.2f} without a history: "
          f"{samples / own / 1e6:.2f} M samples a processor-second of its own, "
          f"{samples / own / 1e5:.1f} times the bar")


def report_many(store, devices, hours, wrote):
    samples = wrote["samples"]
    rate = samples / wrote["wall"]
    commits = hours * 6
    print(f"{store.name:16} {devices * FIELDS} series, {samples / 1e6:.1f} M "
          f"samples, a commit every 10 min: {rate / 1e6:.2f} M samples a "
          f"second, {rate / 1e5:.1f} times the bar; "
          f"{samples / wrote['cpu'] / 1e6:.2f} M a processor-second, of which "
          f"the head {wrote['head_cpu'] / wrote['cpu']:.0%}; "
          f"{wrote['head_bytes'] / samples * commits:.1f} bytes a sample in "
          "memory")
    if hours > 2:  # else a block is not full
        print(f"{store.name:16} {devices * FIELDS} series: "
              f"{wrote['bytes'] / samples:.2f} bytes a sample on disk",
              flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--agent", action="store_true")
    parser.add_argument("--rounds", type=int, default=600)
    args = parser.parse_args()
    if args.agent:
        with tempfile.TemporaryDirectory(prefix="gong-bench-") as folder:
            run_agent(Path(folder), args.build, args.rounds)
        return
    rounds = int(args.days * 8640)
    # From where Grafana would begin.
    start_ms = -(-START_MS // 600000) * 600000
    end_ms = START_MS + (rounds - 1) * PERIOD_MS
    with tempfile.TemporaryDirectory(prefix="gong-bench-") as folder:
        folder = Path(folder)
        stores = [History(folder, args.build), Victoria(folder, args.build)]
        try:
            for store in stores:
                report_write(store, store.write(args.devices, rounds))
            for what, (expr, step_s, bar_s) in QUESTIONS.items():
                for store in [stores[0], RawHistory(folder, args.build),
                              stores[1]]:
                    answers = [store.ask(expr, start_ms, end_ms, step_s)
                               for _ in range(RUNS)]
                    wall = min(one["wall"] for one in answers)
                    print(f"{store.name:16} {what}: {wall * 1000:7.1f} ms, "
                          f"{wall / bar_s:.2f} of the bar "
                          f"({answers[0]['samples']} values)", flush=True)
        finally:
            stores[1].server.stop()
        for devices, hours in ((1000, 12), (10200, 0.5)):
            many = History(folder / str(devices), args.build)
            many.path.parent.mkdir()
            report_many(many, devices, hours,
                        many.write(devices, int(hours * 360)))


if __name__ == "__main__":
    main()
