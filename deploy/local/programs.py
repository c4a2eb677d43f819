"""gong's own programs with their configuration files."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .process import Process, free_port, wait_until
from .servers import ROOT, http

PRESET = os.environ.get("GONG_PRESET", "dev")
BIN = Path(os.environ.get("GONG_BIN_DIR", ROOT / "build" / PRESET / "bin"))


class Webhook:
    """A receiver: keeps every alert it is told."""

    def __init__(self, on_alert=None):
        self.alerts = []
        self.keys = []
        self.times = []  # on the wall clock, ms
        self.on_alert = on_alert
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.times.append(time.time_ns() // 1_000_000)
                outer.keys.append(self.headers.get("Idempotency-Key"))
                for alert in json.loads(body)["alerts"]:
                    outer.alerts.append(alert)
                    if outer.on_alert:
                        outer.on_alert(alert)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def count(self, status):
        return sum(alert["status"] == status for alert in self.alerts)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Agent:
    """Told are the log and the webhook; extra may have channels of its own."""

    def __init__(self, folder, broker_url, rules, stores=(), webhook=None,
                 extra="", told_by="channels"):
        self.folder = Path(folder)
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.config = self.folder / "gong-agent.cfg"
        rule_list = ", ".join(json.dumps(str(path), ensure_ascii=False)
                              for path in rules)
        told = '{ type = "log"; }'
        if webhook:
            told += f', {{ type = "webhook"; url = "{webhook.url}"; }}'
        self.told = f"{told_by} = ( {told} );"
        if "channels = " not in extra:
            extra += f"\n{self.told}"
        self.config.write_text(f"""
agent = "demo";
state = "{self.folder}/agent-state";
broker = {{ url = "{broker_url}"; }};
rules = ( {rule_list} );
store = ( {", ".join(stores)} );
http = {{ listen = "127.0.0.1:{self.http_port}"; }};
{extra}
""", encoding="utf-8")
        self.process = Process(
            "gong-agent", [BIN / "gong-agent", "--config", self.config],
            folder)

    def start(self):
        """Back when it hears the broker. /healthz would be too much to ask: it
        says 503 as well where a store is meant to be away."""
        self.process.start()
        wait_until(lambda: self.process.check()
                   or self.metrics().get("gong_agent_broker_connected"), 30,
                   "the agent")
        return self

    def stop(self):
        return self.process.stop()

    def metrics(self):
        """{name or name{labels}: number} from /metrics; {} when away."""
        try:
            _, text = http("GET", f"{self.url}/metrics", timeout=5)
        except OSError:
            return {}
        found = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found


class Collector:
    def __init__(self, folder, broker_url, inputs, site="22015",
                 device="gateway-1", name="gong-collector", extra=""):
        self.folder = Path(folder)
        self.manifest = self.folder / f"{name}.manifest"
        self.socket = self.folder / f"{name}.sock"
        self.config = self.folder / f"{name}.cfg"
        self.config.write_text(f"""
site = "{site}";
device = "{device}";
broker = {{ url = "{broker_url}"; }};
spool = {{ path = "{self.folder}/{name}-spool"; }};
socket = {{ path = "{self.socket}"; }};
inputs = ( {", ".join(inputs)} );
{extra}
""", encoding="utf-8")
        self.process = Process(
            name, [BIN / "gong-collector", "--config", self.config,
                   "--manifest", self.manifest], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check() or self.socket.exists(), 10,
                   "the collector's socket")
        return self

    def stop(self):
        return self.process.stop()


class Sim:
    def __init__(self, folder, broker_url, seed=1, duration="0s", extra=()):
        self.manifest = Path(folder) / "gong-sim.manifest"
        self.process = Process(
            "gong-sim",
            [BIN / "gong-sim", "--broker", broker_url, "--seed", seed,
             "--duration", duration, "--manifest", self.manifest, *extra],
            folder)

    def start(self):
        self.process.start()
        return self

    def stop(self):
        return self.process.stop()
