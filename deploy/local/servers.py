"""Private Mosquitto, VictoriaMetrics and InfluxDB on free loopback ports."""

import getpass
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .process import Failure, Process, free_port, port_open, wait_until

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = Path(os.environ.get("GONG_SERVERS_DIR", ROOT / ".servers"))


def binary(*candidates):
    for candidate in candidates:
        path = UNPACKED / candidate
        if path.exists():
            return path
    raise Failure(f"{UNPACKED / candidates[0]} is missing: run ./gong setup")


def http(method, url, body=None, timeout=30, headers=None):
    """(status, body text); an HTTP error status is an answer, not a fault."""
    request = urllib.request.Request(url, data=body, method=method,
                                     headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(errors="replace")


def answers(url):
    try:
        return http("GET", url, timeout=2)[0] < 500
    except OSError:
        return False


class Mosquitto:
    """A broker that keeps its queues over an orderly restart."""

    def __init__(self, folder, port=None):
        self.folder = Path(folder) / "mosquitto"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        text = (ROOT / "deploy" / "mosquitto-local.conf").read_text()
        conf = self.folder / "mosquitto.conf"
        conf.write_text(text.replace("@PORT@", str(self.port))
                        .replace("@FOLDER@", str(self.folder))
                        .replace("@USER@", getpass.getuser()))
        self.process = Process(
            "mosquitto", [binary("usr/sbin/mosquitto"), "-c", conf], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check() or port_open(self.port), 10,
                   "the broker's port")
        return self

    def stop(self):
        return self.process.stop()

    def publish(self, topic, payload):
        """Publishes with the real mosquitto_pub, QoS 1."""
        data = payload if isinstance(payload, bytes) else payload.encode()
        subprocess.run(
            [binary("usr/bin/mosquitto_pub"), "-h", "127.0.0.1", "-p",
             str(self.port), "-q", "1", "-t", topic, "-s"],
            input=data, check=True, timeout=20)


class VictoriaMetrics:
    kind = "victoriametrics"

    def __init__(self, folder, port=None):
        self.folder = Path(folder) / "victoria-metrics"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.look_at = f"{self.url}/vmui"
        self.process = Process(
            "victoria-metrics",
            [binary("usr/bin/victoria-metrics"),
             f"-storageDataPath={self.folder}",
             f"-httpListenAddr=127.0.0.1:{self.port}",
             "-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms",
             "-memory.allowedBytes=256MB", "-search.latencyOffset=0s"],
            folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check()
                   or answers(f"{self.url}/health"), 20, "VictoriaMetrics")
        return self

    def stop(self):
        return self.process.stop()

    def agent_config(self, url=None):
        return f'{{ type = "victoriametrics"; url = "{url or self.url}"; }}'

    def samples(self):
        """Yields (metric, labels, stamp in ms, number) of every sample."""
        # New series are found only after seconds unless it is told to look.
        http("GET", f"{self.url}/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": '{__name__!=""}'})
        status, text = http("GET", f"{self.url}/api/v1/export?{query}")
        if status != 200:
            raise Failure(f"VictoriaMetrics export answered {status}: {text}")
        for line in text.splitlines():
            row = json.loads(line)
            labels = dict(row["metric"])
            metric = labels.pop("__name__")
            labels.pop("db", None)
            for stamp, value in zip(row["timestamps"], row["values"]):
                yield metric, labels, stamp, value


class InfluxDB:
    kind = "influxdb"
    database = "gong"

    def __init__(self, folder, port=None):
        self.folder = Path(folder) / "influxdb"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.look_at = f"{self.url}/query?db=gong&q=SHOW+SERIES"
        rpc = free_port()
        conf = self.folder / "influxdb.conf"
        conf.write_text(f"""
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{self.folder}/meta"
[data]
  dir = "{self.folder}/data"
  wal-dir = "{self.folder}/wal"
  series-id-set-cache-size = 100
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  log-enabled = false
""")
        self.process = Process(
            "influxdb", [binary("usr/bin/influxd"), "-config", conf], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check()
                   or answers(f"{self.url}/ping"), 30, "InfluxDB")
        query = urllib.parse.urlencode({"q": f"CREATE DATABASE {self.database}"})
        status, text = http("POST", f"{self.url}/query?{query}", b"")
        if status != 200:
            raise Failure(f"InfluxDB answered {status}: {text}")
        return self

    def stop(self):
        return self.process.stop()

    def agent_config(self, url=None):
        return (f'{{ type = "influxdb1"; url = "{url or self.url}"; '
                f'database = "{self.database}"; }}')

    def rows(self):
        """Yields (measurement, tags, stamp in ns, {field: value})."""
        query = urllib.parse.urlencode({
            "db": self.database, "epoch": "ns",
            "q": "SELECT * FROM /.*/ GROUP BY *"})
        status, text = http("GET", f"{self.url}/query?{query}", timeout=60)
        if status != 200:
            raise Failure(f"InfluxDB answered {status}: {text}")
        for result in json.loads(text)["results"]:
            for series in result.get("series", []):
                tags = {k: v for k, v in series.get("tags", {}).items() if v}
                for row in series["values"]:
                    fields = {name: value for name, value
                              in zip(series["columns"][1:], row[1:])
                              if value is not None}
                    yield series["name"], tags, row[0], fields

    def samples(self):
        for measurement, tags, stamp, fields in self.rows():
            for field, value in fields.items():
                if isinstance(value, str):
                    continue
                yield (f"{measurement}_{field}", tags, stamp // 1_000_000,
                       float(value))


STORES = {"victoriametrics": VictoriaMetrics, "influxdb": InfluxDB}
