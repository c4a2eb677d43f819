"""./gong demo: a small city on this machine, from device to alert.

Starts a private broker and store, the agent, a collector of this machine's own
metrics and gong-sim; shows the flow; ends all it started and nothing else.
"""

import argparse
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from local.manifest import judge  # noqa: E402
from local.process import Failure  # noqa: E402
from local.programs import ROOT, Agent, Collector, Sim, Webhook  # noqa: E402
from local.servers import STORES, Mosquitto  # noqa: E402

HOST_INPUTS = """cpu mem system disk diskio net temp processes""".split()
SETTLE_SECONDS = 60  # at most, for the last samples to reach the store
QUIET_SECONDS = 8    # give up when nothing new has arrived for so long


def seconds(text):
    """"60s", "5m" or "1h30m" as seconds."""
    if not re.fullmatch(r"(\d+h)?(\d+m)?(\d+s)?", text) or not text:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected e.g. 60s")
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units[unit]
               for count, unit in re.findall(r"(\d+)([hms])", text))


def arguments():
    parser = argparse.ArgumentParser(prog="./gong demo",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--for", dest="duration", type=seconds, metavar="TIME",
                        help="end after TIME and judge that nothing was lost")
    parser.add_argument("--store", default="victoriametrics",
                        choices=[*STORES, "none"])
    parser.add_argument("--keep", metavar="DIR",
                        help="keep data and logs in DIR")
    parser.add_argument("--verbose", action="store_true",
                        help="show each alert's details and the log places")
    # For the negative controls of the tests:
    parser.add_argument("--rules", default=str(ROOT / "rules" / "city"),
                        help="rule files or folder (default: rules/city)")
    parser.add_argument("--sim-broker", help="where gong-sim connects instead")
    parser.add_argument("--store-url", help="where the agent writes instead")
    parser.add_argument("--broker-port", type=int, help="default: a free one")
    parser.add_argument("--store-port", type=int, help="default: a free one")
    return parser.parse_args()


class Screen:
    """One refreshing block on a terminal, plain lines elsewhere."""

    def __init__(self):
        self.block = 0
        self.terminal = sys.stdout.isatty()

    def lines(self, lines):
        if self.terminal and self.block:
            sys.stdout.write(f"\x1b[{self.block}A")
        for line in lines:
            sys.stdout.write(("\x1b[2K" if self.terminal else "") + line
                             + "\n")
        self.block = len(lines)
        sys.stdout.flush()

    def say(self, line):
        """A line that stays, above the block."""
        if self.terminal and self.block:
            sys.stdout.write(f"\x1b[{self.block}A\x1b[J")
            self.block = 0
        print(line, flush=True)


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
        if options.store != "none":
            self.store = self.start_part(STORES[options.store](
                self.folder, options.store_port))
            stores = [self.store.agent_config(options.store_url)]
        self.webhook = Webhook(self.told)
        self.agent = self.start_part(Agent(
            self.folder, self.broker.url, [options.rules], stores,
            self.webhook))
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
            say(f"  kho dữ liệu / the store              {self.store.look_at}")
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
            f"{int(value('gong_engine_rules'))}   chờ / pending "
            f"{int(value('gong_engine_pending'))}   đang / firing "
            f"{int(value('gong_engine_firing'))}   đã báo / fired "
            f"{self.webhook.count('firing')}   đã hết / resolved "
            f"{self.webhook.count('resolved')}   nhận->quyết định / "
            f"received->decided {decimal(mean)} ms"])

    def run(self):
        began = time.monotonic()
        step = 1 if self.screen.terminal else 5
        while not self.stopping:
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
        say(f"gong: {fired} fired, {resolved} resolved (told to a webhook)")
        failures = []
        if fired == 0 or resolved == 0:
            failures.append("expected at least one alert fired and resolved")
        if self.store:
            judgement = self.settled_judgement()
            say(f"gong: {judgement.text()}")
            if not judgement.complete:
                failures.append("the store does not hold all that was emitted")
            if judgement.transitions == 0:
                failures.append("the store holds no alert transition")
        else:
            say("gong: no store: loss is not judged")
        for failure in failures:
            say(f"gong: FAILED: {failure}")
        if not failures:
            say("gong: đạt / passed: nothing was lost")
        return 1 if failures else 0

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


def main():
    options = arguments()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="gong-demo-"))
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    demo = Demo(options, folder)

    def interrupted(*_):
        demo.stopping = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    code = 0
    try:
        demo.start()
        demo.run()
        if options.duration:
            code = demo.verdict()
    except KeyboardInterrupt:
        demo.screen.say("\ngong: dừng / stopping")
    except Failure as failure:
        demo.screen.say(f"gong: FAILED: {failure}")
        code = 1
    finally:
        # A second Ctrl-C must not leave anything running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        demo.stop()
        if not options.keep and code == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            demo.screen.say(f"gong: data and logs are in {folder}")
    return code


if __name__ == "__main__":
    sys.exit(main())
