"""./gong demo: a small city on this machine, from device to alert.

Starts a private broker, the agent with its embedded history (or a store beside
it), a collector of this machine's own metrics and gong-sim; shows the flow;
ends all it started and nothing else.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from local.history import History  # noqa: E402
from local.manifest import judge  # noqa: E402
from local.process import Failure  # noqa: E402
from local.programs import ROOT, Agent, Collector, Sim, Webhook  # noqa: E402
from local.servers import STORES, Mosquitto  # noqa: E402

HOST_INPUTS = """cpu mem system disk diskio net temp processes""".split()
SETTLE_SECONDS = 60  # at most, for the last samples to reach the store
QUIET_SECONDS = 8    # give up when nothing new has arrived for so long
MODEL = ROOT / "rules" / "city" / "daklak.cfg"


def seconds(text):
    """"60s", "5m" or "1h30m" as seconds."""
    units = {"h": 3600, "m": 60, "s": 1}
    total = 0
    if re.fullmatch(r"(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?", text):
        total = sum(int(count) * units[unit]
                    for count, unit in re.findall(r"(\d+)([hms])", text))
    if total == 0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected e.g. 60s")
    return total


def arguments():
    parser = argparse.ArgumentParser(prog="./gong demo",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--for", dest="duration", type=seconds, metavar="TIME",
                        help="end after TIME and judge that nothing was lost")
    parser.add_argument("--store", default="history",
                        choices=["history", *STORES, "none"],
                        help="history: the agent's own, no server; none: "
                        "neither, and loss is not judged")
    parser.add_argument("--keep", metavar="DIR",
                        help="keep data and logs in DIR")
    parser.add_argument("--verbose", action="store_true",
                        help="show each alert's details and the log places")
    # For the negative controls of the tests, not for people: other rules,
    # another address for gong-sim or the agent, ports that are known before.
    parser.add_argument("--rules", default=str(ROOT / "rules" / "city"),
                        help=argparse.SUPPRESS)
    for name in ("--sim-broker", "--store-url"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    for name in ("--broker-port", "--store-port"):
        parser.add_argument(name, type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


class Screen:
    """A refreshing block on a terminal, plain lines elsewhere.

    Both the main thread and the receiver's threads write. A reader that went
    away (a closed pipe or terminal) is no error: gone tells.
    """

    def __init__(self):
        self.block = 0
        self.terminal = sys.stdout.isatty()
        self.gone = False
        self.lock = threading.Lock()

    def write(self, text):
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            self.gone = True
            # What is still buffered must not fail again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def lines(self, lines):
        """The block; elsewhere the same as one line."""
        with self.lock:
            if not self.terminal:
                self.write("   ".join(lines) + "\n")
                return
            # A line that wraps would shift the whole block.
            width = max(shutil.get_terminal_size().columns - 1, 20)
            indented = [lines[0]] + [" " * 9 + line for line in lines[1:]]
            text = "".join(f"\x1b[2K{line[:width]}\n" for line in indented)
            self.write((f"\x1b[{self.block}A" if self.block else "") + text)
            self.block = len(lines)

    def say(self, text):
        """Lines that stay, above the block."""
        with self.lock:
            up = f"\x1b[{self.block}A\x1b[J" if self.block else ""
            self.block = 0
            self.write(f"{up}{text}\n")


def decimal(value, digits=1):
    return f"{value:.{digits}f}".replace(".", ",")


class Demo:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.screen = Screen()
        self.started = []
        self.store = None
        self.stopping = False

    def start_part(self, part):
        self.started.append(part)
        part.start()
        return part

    def start(self):
        options = self.options
        self.screen.say("gong: khởi động máy chủ riêng / starting private "
                        f"servers in {self.folder}")
        self.broker = self.start_part(Mosquitto(
            self.folder, options.broker_port))
        stores = []
        extra = f'model = ( "{MODEL}" );'
        if options.store in STORES:
            self.store = self.start_part(STORES[options.store](
                self.folder, options.store_port))
            stores = [self.store.agent_config(options.store_url)]
        if options.store == "none":
            extra += " history = { on = false; };"
        self.webhook = Webhook(self.told)
        self.agent = self.start_part(Agent(
            self.folder, self.broker.url, [options.rules], stores,
            self.webhook, extra))
        if options.store == "history":
            self.store = History(self.agent.url, time.time())
        self.collector = self.start_part(Collector(
            self.folder, self.broker.url, self.inputs()))
        self.sim = self.start_part(Sim(
            self.folder, options.sim_broker or self.broker.url))
        self.addresses()

    def inputs(self):
        inputs = [f'{{ type = "{kind}"; interval = "2s"; }}'
                  for kind in HOST_INPUTS]
        inputs.append('{ type = "internal"; interval = "2s"; }')
        inputs.append(f'{{ type = "http_response"; interval = "2s"; '
                      f'url = "{self.agent.url}/healthz"; }}')
        inputs.append(f'{{ type = "net_response"; interval = "2s"; '
                      f'address = "127.0.0.1:{self.broker.port}"; }}')
        inputs.append(f'{{ type = "prometheus"; interval = "5s"; '
                      f'url = "{self.agent.url}/metrics"; }}')
        return inputs

    def addresses(self):
        say = self.screen.say
        say(f"  trang của agent / the agent's page   {self.agent.url}/")
        say(f"  số liệu / its metrics                {self.agent.url}/metrics")
        say("  cảnh báo / its alerts                "
            f"{self.agent.url}/api/v1/alerts")
        if self.store:
            name = ("lịch sử / the history               "
                    if self.store.kind == "history"
                    else "kho dữ liệu / the store             ")
            say(f"  {name} {self.store.look_at}")
        say(f"  MQTT                                 {self.broker.url}")
        if self.options.verbose:
            say(f"  logs                                 {self.folder}/*.log")

    def told(self, alert):
        firing = alert["status"] == "firing"
        word = "ĐANG DIỄN RA / firing  " if firing else "ĐÃ KẾT THÚC / resolved"
        labels = alert["labels"]
        text = alert["annotations"].get("summary", labels.get("alertname", ""))
        self.screen.say(f"  {word}  {text}")
        if self.options.verbose and firing:
            self.screen.say(f"      {labels.get('severity', '')} "
                            f"{labels.get('site', '')}/"
                            f"{labels.get('device', '')}: "
                            f"{alert['annotations'].get('action', '')}")

    def show(self, began):
        found = self.agent.metrics()

        def value(name):
            return found.get(name, 0)

        count = value("gong_engine_alert_latency_seconds_count")
        mean = (value("gong_engine_alert_latency_seconds_sum") / count * 1000
                if count else 0)
        self.screen.lines([
            f"[{int(time.monotonic() - began):4d} s] điểm đo / points "
            f"{int(value('gong_engine_points_total'))}   thiết bị / devices "
            f"{int(value('gong_engine_devices'))}   quy tắc / rules "
            f"{int(value('gong_engine_rules'))}",
            f"đang chờ / pending {int(value('gong_engine_pending'))}   "
            f"đang diễn ra / firing {int(value('gong_engine_firing'))}",
            f"đã báo / fired {self.webhook.count('firing')}   "
            f"đã kết thúc / resolved {self.webhook.count('resolved')}",
            f"nhận->quyết định / received->decided {decimal(mean)} ms"])

    def run(self):
        began = time.monotonic()
        step = 1 if self.screen.terminal else 5
        while not self.stopping and not self.screen.gone:
            for part in self.started:
                part.process.check()
            self.show(began)
            left = (self.options.duration - (time.monotonic() - began)
                    if self.options.duration else step)
            if left <= 0:
                break
            time.sleep(min(step, left))

    def verdict(self):
        """Ends the sources, lets everything arrive, judges; 0 if all is well."""
        self.sim.stop()
        self.collector.stop()
        fired = self.webhook.count("firing")
        resolved = self.webhook.count("resolved")
        say = self.screen.say
        say(f"gong: đã báo {fired}, đã kết thúc {resolved} / {fired} fired, "
            f"{resolved} resolved (told to a webhook)")
        failures = []
        if fired == 0 or resolved == 0:
            failures.append("expected at least one alert fired and resolved "
                            "(the first takes 25 s: try --for 60s)")
        if self.store:
            judgement = self.settled_judgement()
            say(f"gong: {judgement.text()}")
            if not judgement.complete:
                failures.append(f"the {self.store_name} does not hold all that "
                                "was emitted")
            if judgement.transitions == 0:
                failures.append(f"the {self.store_name} holds no alert")
        else:
            say("gong: không có kho dữ liệu, không xét mất mát / "
                "no store: loss is not judged")
        for failure in failures:
            say(f"gong: KHÔNG ĐẠT / FAILED: {failure}")
        if not failures:
            say("gong: đạt / passed" + (
                ": không mất điểm đo nào / nothing was lost"
                if self.store else ""))
        return 1 if failures else 0

    @property
    def store_name(self):
        return "history" if self.store.kind == "history" else "store"

    def settled_judgement(self):
        began = changed = time.monotonic()
        manifests = [self.sim.manifest, self.collector.manifest]
        best = -1
        while True:
            judgement = judge(manifests, self.store)
            now = time.monotonic()
            if judgement.stored > best:
                best, changed = judgement.stored, now
            if judgement.complete and judgement.transitions:
                return judgement
            if now - began > SETTLE_SECONDS or now - changed > QUIET_SECONDS:
                return judgement
            time.sleep(1)

    def stop(self):
        for part in reversed(self.started):
            part.stop()
        self.started = []
        if hasattr(self, "webhook"):
            self.webhook.stop()


def make_folder(keep):
    try:
        folder = Path(keep or tempfile.mkdtemp(prefix="gong-demo-")).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        # Their file formats have no way to write these.
        if re.search(r'["\\\n]', str(folder)):
            raise Failure(f"{folder}: a quote or backslash in the path")
    except OSError as error:
        raise Failure(f"{error.filename or keep}: {error.strerror}") from None
    return folder


def main():
    options = arguments()
    try:
        folder = make_folder(options.keep)
    except Failure as failure:
        print(f"./gong demo: {failure}", file=sys.stderr)
        return 1
    demo = Demo(options, folder)

    def interrupted(*_):
        demo.stopping = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    code = 0
    try:
        demo.start()
        demo.run()
        if options.duration and not demo.screen.gone:
            code = demo.verdict()
    except KeyboardInterrupt:
        demo.screen.say("\ngong: dừng / stopping")
    except (Failure, OSError) as failure:
        demo.screen.say(f"gong: KHÔNG ĐẠT / FAILED: {failure}")
        code = 1
    finally:
        # A second Ctrl-C must not leave anything running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()
        if not options.keep and code == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            demo.screen.say("gong: dữ liệu và nhật ký / data and logs: "
                            f"{folder}")
    return code


if __name__ == "__main__":
    sys.exit(main())
