"""The agent as a data source: the real promtool and what Grafana 10 sends for
a data source of type Prometheus (tests/grafana), over an agent that heard
samples from a real broker; beside a real Prometheus that holds the same."""

import json
import re
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from province import ROOT, SLOW, Province, expect, run

from local.process import Process, free_port, wait_until
from local.programs import BIN
from local.servers import answers, binary, http

RULES = """
group = "lamps"; interval = "1s";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; }; },
  { id = "furnace"; alert = "FurnaceHot"; expr = "furnace_temp > 70"; },
  { id = "sum"; record = "lamps:temp:sum"; expr = "sum(lamp_temp)"; }
);
"""
LAMPS = (("22015", "lamp-1", 20), ("22015", "lamp-2", 40),
         ("22018", "lamp-3", 60))
EVERY, COUNT = 15, 40
GRAFANA = ROOT / "tests" / "grafana"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Samples:
    """lamp_temp and lamp_energy of each lamp; the newest a minute ago."""

    def __init__(self):
        self.end = int(time.time()) - 60
        self.start = self.end - EVERY * (COUNT - 1)

    def rows(self):
        """(site, device, metric, [(seconds, value)])"""
        for number, (site, device, first) in enumerate(LAMPS):
            times = range(self.start, self.end + 1, EVERY)
            yield site, device, "lamp_temp", [
                (t, first + i % 7 + number / 4) for i, t in enumerate(times)]
            # Counters, one of which begins anew in between.
            yield site, device, "lamp_energy", [
                (t, float((i if i < 23 or number else i - 23) * 10))
                for i, t in enumerate(times)]

    def publish(self, broker):
        for site, device, metric, values in self.rows():
            field = metric.partition("_")[2]
            lines = [f"lamp {field}={value} {seconds * 10**9}\n"
                     for seconds, value in values]
            broker.publish(f"gong/v1/{site}/{device}/data", "".join(lines))

    def write(self, path):
        """As OpenMetrics, for promtool tsdb create-blocks-from."""
        with open(path, "w", encoding="utf-8") as out:
            for metric in ("lamp_energy", "lamp_temp"):
                out.write(f"# TYPE {metric} unknown\n")
                for site, device, name, values in self.rows():
                    if name == metric:
                        out.writelines(
                            f'{name}{{site="{site}",device="{device}"}} '
                            f"{value} {seconds}\n"
                            for seconds, value in values)
            out.write("# EOF\n")


def promtool(*words):
    return subprocess.run([binary("usr/bin/promtool"), *map(str, words)],
                          capture_output=True, text=True, timeout=60 * SLOW,
                          check=False)


class Prometheus:
    def __init__(self, folder, samples):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config, data = folder / "prometheus.yml", folder / "prometheus"
        config.write_text("global: {}\n", encoding="utf-8")
        samples.write(folder / "samples.txt")
        made = promtool("tsdb", "create-blocks-from", "openmetrics",
                        folder / "samples.txt", data)
        expect(made.returncode == 0, made.stderr)
        self.process = Process("prometheus", [
            binary("usr/bin/prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn"], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check() or
                   answers(f"{self.url}/-/ready"), 60, "Prometheus")
        return self

    def stop(self):
        self.process.stop()


def ask(url, path, body=None, token=None):
    method = "GET" if body is None else "POST"
    headers = dict(FORM) if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    status, text = http(method, f"{url}{path}",
                        None if body is None else body.encode(),
                        headers=headers)
    try:
        return status, json.loads(text)
    except ValueError:
        return status, {"text": text}


def query(url, expression, **more):
    words = urllib.parse.urlencode({"query": expression, **more})
    return ask(url, f"/api/v1/query?{words}")


def heard(url, samples):
    status, answer = query(url, f"count_over_time(lamp_temp[{COUNT}m])",
                           time=samples.end)
    if status != 200:
        return False
    counts = [float(row["value"][1]) for row in answer["data"]["result"]]
    return counts == [COUNT] * len(LAMPS)


# --- promtool ---

INSTANT = (
    "1+1", "lamp_temp", 'lamp_temp{site="22015"}', "sum(lamp_temp)",
    "sum by (site) (lamp_temp)", "lamp_temp > 45", "rate(lamp_energy[5m])",
    "increase(lamp_energy[9m])", "avg_over_time(lamp_temp[5m])",
    "quantile_over_time(0.9, lamp_temp[5m])", "lamp_temp[1m]",
    "topk(2, lamp_temp)", "lamp_temp offset 2m", "nothing", "absent(nothing)",
    'label_replace(lamp_temp, "x", "$1", "device", "lamp-(.*)")',
    "lamp_temp / on(device) lamp_energy", "stddev(lamp_temp)",
    "max_over_time(rate(lamp_energy[1m])[5m:30s])", "time()", '"text"',
    "sum(lamp_temp", "rate(lamp_temp)", "lamp_temp * on() lamp_energy")
RANGE = (
    "1", "lamp_temp", "sum by (site) (lamp_temp)", "rate(lamp_energy[1m])",
    "avg_over_time(lamp_temp[2m])", "lamp_temp > 62", "lamp_temp[1m]",
    "deriv(lamp_temp[3m])", "count(lamp_temp) or vector(0)", "nothing")


def same(where, theirs, ours, *words):
    """promtool says the same of both; errors in their own words."""
    def says(url):
        got = promtool(*[url if word is None else word for word in words])
        if got.returncode != 0:
            kind = re.match(r"query error: (\w+)", got.stderr)
            return got.returncode, kind.group(1) if kind else got.stderr
        # Neither promises an order of an instant vector.
        return 0, sorted(got.stdout.splitlines())

    theirs, ours = says(theirs), says(ours)
    expect(theirs == ours, f"{where} {words}: {theirs}\nours {ours}")


def compare_promtool(theirs, ours, samples):
    start, end = f"--start={samples.start}", f"--end={samples.end}"
    for expression in INSTANT:
        same("instant", theirs, ours, "query", "instant",
             f"--time={samples.end}", None, expression)
    for expression in RANGE:
        same("range", theirs, ours, "query", "range", start, end,
             "--step=20s", None, expression)
    same("range json", theirs, ours, "query", "range", start, end, "-o",
         "json", None, "lamp_temp")
    for match in ("lamp_temp", '{__name__=~"lamp_.*",site="22018"}',
                  "nothing"):
        same("series", theirs, ours, "query", "series", f"--match={match}",
             start, end, None)
        same("series", theirs, ours, "query", "series", f"--match={match}",
             None)
    for label in ("device", "site", "nothing"):
        same("labels", theirs, ours, "query", "labels",
             "--match=lamp_temp", start, end, None, label)
    same("labels", theirs, ours, "query", "labels", None, "nothing")
    names = promtool("query", "labels", ours, "__name__").stdout.split()
    expect({"lamp_energy", "lamp_temp", "up"} <= set(names), f"{names}")


# --- answers to the byte ---

EXACT = (
    "1/0", "-1/0", "0/0", "-0", "1e21", "123456789012345678901", "1e-7",
    "0.000001", "1e300", "0.1+0.2", "123456789.123", '"a<b>&\\n\\u00e9\\x7f"',
    "vector(1)", "lamp_temp / 3", "-lamp_energy", "lamp_temp * 1e20",
    "lamp_temp[2m]", 'label_replace(vector(1), "x", "đèn <&>\\"", "", "")')


def compare_answers(theirs, ours, samples):
    """The members of JSON with their texts of numbers; the order of an instant
    vector is nobody's promise."""
    def rows(answer):
        result = answer["data"]["result"]
        return sorted(result, key=str) if answer["data"][
            "resultType"] in ("vector", "matrix") else result

    for expression in EXACT:
        for time_of in (samples.end, f"{samples.end - 7}.25",
                        time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                      time.gmtime(samples.end))):
            got = [query(url, expression, time=time_of)
                   for url in (theirs, ours)]
            expect(got[0][0] == got[1][0] == 200 and
                   rows(got[0][1]) == rows(got[1][1]),
                   f"{expression} {time_of}: {got[0]}\nours {got[1]}")
    words = urllib.parse.urlencode({
        "query": "sum by (site) (lamp_temp) / 3", "start": samples.start,
        "end": f"{samples.end}.5", "step": "17.5"})
    got = [ask(url, "/api/v1/query_range", words) for url in (theirs, ours)]
    expect(got[0] == got[1], f"{got[0]}\nours {got[1]}")


# --- what is asked for wrongly ---

WRONG = (
    "/api/v1/query", "/api/v1/query?query=", "/api/v1/query?query=sum(",
    "/api/v1/query?query=1&time=x", "/api/v1/query?query=1&timeout=x",
    "/api/v1/query_range?query=1", "/api/v1/query_range?query=1&start=1&end=2",
    "/api/v1/query_range?query=1&start=1&end=2&step=0",
    "/api/v1/query_range?query=1&start=1&end=2&step=x",
    "/api/v1/query_range?query=1&start=2&end=1&step=1",
    "/api/v1/query_range?query=1&start=0&end=20000&step=1",
    "/api/v1/query_range?query=lamp_temp[5m]&start=1&end=2&step=1",
    "/api/v1/query?query=lamp_temp*on()lamp_energy&time=@END@",
    "/api/v1/series", "/api/v1/series?match[]=1", "/api/v1/series?match[]={}",
    "/api/v1/series?match[]=up&start=x", "/api/v1/labels?start=x",
    "/api/v1/labels?match[]=up[5m]", "/api/v1/label/1x/values",
    "/api/v1/metadata?limit=x")


def compare_mistakes(theirs, ours, samples):
    for path in WRONG:
        path = path.replace("@END@", str(samples.end))
        got = [ask(url, path) for url in (theirs, ours)]
        for status, answer in got:
            expect(answer.get("status") == "error", f"{path}: {status} "
                   f"{answer}")
        kinds = [(status, answer["errorType"]) for status, answer in got]
        expect(kinds[0] == kinds[1], f"{path}: {got}")


# --- Grafana ---

def load(path, samples):
    """(method, path, body) of a file in tests/grafana."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text).replace("@START@", str(samples.start))
    head, _, body = text.replace("@END@", str(samples.end)).partition("\n\n")
    method, _, target = head.splitlines()[0].partition(" ")
    return method, target.strip(), body.strip() if method == "POST" else None


def shape(value, depth=4):
    """Members and types; of lists the first element's."""
    if isinstance(value, dict):
        return {name: shape(of, depth - 1) for name, of in value.items()}
    if isinstance(value, list):
        return [shape(value[0], depth - 1)] if value and depth else []
    return "number" if type(value) in (int, float) else type(value).__name__


def vector_of(answer, kind, labels):
    data = answer["data"]
    found = sorted(tuple(sorted(row["metric"].items()))
                   for row in data["result"])
    return data["resultType"] == kind and len(found) == labels


SITES = ["22015", "22018"]
CHECKS = {
    "test-query": lambda a: a["data"] == {"resultType": "scalar",
                                          "result": [4, "2"]},
    # Grafana takes the version apart, and any feature for Mimir.
    "test-buildinfo": lambda a: re.fullmatch(r"\d+\.\d+\.\d+",
                                             a["data"]["version"])
    and "features" not in a["data"],
    "test-rules": lambda a: a["data"]["groups"][0]["name"] == "lamps",
    "browser-metrics": lambda a: {"lamp_temp", "lamp_energy", "up"}
    <= set(a["data"]),
    "browser-labels": lambda a: {"__name__", "device", "site"}
    <= set(a["data"]),
    "browser-labels-get": lambda a: {"__name__", "device", "site"}
    <= set(a["data"]),
    "browser-labels-match": lambda a: a["data"] == ["__name__", "device",
                                                    "site"],
    "browser-values": lambda a: set(SITES) <= set(a["data"]),
    "browser-values-match": lambda a: a["data"] == ["lamp-1", "lamp-2"],
    "browser-series": lambda a: len(a["data"]) == 3,
    "browser-series-get": lambda a: len(a["data"]) == 3,
    "browser-metadata": lambda a: set(a["data"]["lamp_temp"][0]) ==
    {"type", "help", "unit"},
    "panel-range": lambda a: vector_of(a, "matrix", 2),
    "panel-range-get": lambda a: vector_of(a, "matrix", 2),
    "panel-instant": lambda a: vector_of(a, "vector", 2),
    "panel-rate": lambda a: vector_of(a, "matrix", 3),
    "panel-empty": lambda a: a["data"] == {"resultType": "matrix",
                                           "result": []},
    "panel-wrong": lambda a: a["errorType"] == "bad_data" and a["error"],
    "panel-exemplars": lambda a: a["data"] == [],
    "variable-label-values": lambda a: a["data"] == SITES,
    "variable-query-result": lambda a: a["data"]["result"][0]["value"][1] ==
    "3",
    "annotations": lambda a: a["data"]["resultType"] == "matrix"
    and a["data"]["result"][0]["metric"]["alertname"] == "FurnaceHot",
    "alert-list-rules": lambda a: {rule["type"] for rule in
                                   a["data"]["groups"][0]["rules"]} ==
    {"alerting", "recording"},
    "alert-list-group": lambda a: len(a["data"]["groups"]) == 1,
    "alert-list-alerts": lambda a: a["data"]["alerts"][0]["state"] == "firing",
}
# What only the agent has, or holds other things of: no shape to compare.
OWN = {"test-rules", "alert-list-rules", "alert-list-group", "annotations",
       "alert-list-alerts", "browser-metadata"}


def replay_grafana(theirs, ours, samples, file):
    names = {path.stem for path in GRAFANA.glob("*.http")}
    expect(names == set(CHECKS), f"{names ^ set(CHECKS)}")
    for name in sorted(names):
        _, path, body = load(GRAFANA / f"{name}.http", samples)
        path = path.replace("FILE", urllib.parse.quote(str(file)))
        status, answer = ask(ours, path, body)
        expect(status == (400 if name == "panel-wrong" else 200),
               f"{name}: {status} {answer}")
        expect(CHECKS[name](answer), f"{name}: {answer}")
        if name not in OWN:
            other = ask(theirs, path, body)
            expect(other[0] == status and
                   shape(other[1]) == shape(answer),
                   f"{name}: {other}\nours {answer}")


# --- a data source of one unit ---

def grant_token(province, grant):
    """Of the session of a new user with that grant."""
    folder = province.folder
    password, name = folder / "password", f"grafana{len(grant)}"
    password.write_text("mot mat khau dai\n", encoding="utf-8")
    socket = folder / "agent-state" / "gong.sock"
    made = subprocess.run(
        [BIN / "gongctl", "users", "add", name, "--grant", grant,
         "--password-file", password, "--agent", f"unix:{socket}"],
        capture_output=True, text=True, timeout=60, check=False)
    expect(made.returncode == 0, made.stderr)
    status, text = http(
        "POST", f"{province.agent.url}/api/gong/v1/login",
        json.dumps({"user": name, "password": "mot mat khau dai",
                    "cookie": False}).encode(),
        headers={"Content-Type": "application/json"})
    expect(status == 200, text)
    return json.loads(text)["token"]


def look_at_own(province, samples):
    """Nothing of another unit is in any answer that Grafana gets."""
    url = province.agent.url
    token = grant_token(province, "viewer@22015")
    everybody = grant_token(province, "viewer@*")
    expect(ask(url, "/api/v1/labels")[0] == 401, "no token is needed")
    others = 0
    for path in sorted(GRAFANA.glob("*.http")):
        _, target, body = load(path, samples)
        status, answer = ask(url, target, body, token)
        expect(status in (200, 400), f"{path.stem}: {status} {answer}")
        expect("22018" not in json.dumps(answer), f"{path.stem}: {answer}")
        others += "22018" in json.dumps(ask(url, target, body, everybody)[1])
    expect(others > 8, f"only {others} answers hold another unit to all")
    status, answer = ask(url, "/api/v1/query",
                         "query=sum(lamps:temp:sum)or+count(lamp_temp)",
                         token)
    expect(answer["data"]["result"][0]["value"][1] == "2", f"{answer}")


def promtool_and_grafana():
    with tempfile.TemporaryDirectory(prefix="gong-e2e-") as folder:
        rule_file = Path(folder) / "lamps.cfg"
        rule_file.write_text(RULES, encoding="utf-8")
        look_at(rule_file)


def look_at(rule_file):
    samples = Samples()
    with Province(store=None, rules=[rule_file]) as province:
        samples.publish(province.broker)
        prometheus = province.add(Prometheus(province.folder, samples))
        ours, theirs = province.agent.url, prometheus.url
        wait_until(lambda: heard(ours, samples), 30 * SLOW,
                   "samples in the history")
        compare_promtool(theirs, ours, samples)
        compare_answers(theirs, ours, samples)
        compare_mistakes(theirs, ours, samples)
        group = ask(ours, "/api/v1/rules")[1]["data"]["groups"][0]
        province.broker.publish("gong/v1/22018/furnace-1/data",
                                "furnace temp=90\n")
        wait_until(lambda: query(ours, "ALERTS")[1]["data"]["result"]
                   and ask(ours, "/api/v1/alerts")[1]["data"]["alerts"],
                   90 * SLOW, "the alert, in the history too")
        # The last step of any panel is then after the alert.
        samples.end += (int(time.time()) - samples.end) // 60 * 60 + 60
        samples.start = samples.end - 600
        replay_grafana(theirs, ours, samples, group["file"])
        look_at_own(province, samples)


def alerts_without_a_history():
    """A file of a later version: nobody touches it, and the alert is told."""
    with tempfile.TemporaryDirectory(prefix="gong-e2e-") as folder:
        rule_file = Path(folder) / "lamps.cfg"
        rule_file.write_text(RULES, encoding="utf-8")
        with Province(store=None, rules=[rule_file]) as province:
            expect(province.agent.stop() == 0, "the first stop")
            file = province.folder / "agent-state" / "history.db"
            with sqlite3.connect(file) as db:
                db.execute("PRAGMA user_version = 99")
            province.agent.start()
            url = province.agent.url
            _, health = ask(url, "/healthz")
            expect(health["history"] == "failed", health)
            status, answer = query(url, "1")
            expect(status == 503 and answer["errorType"] == "unavailable",
                   answer)
            province.broker.publish("gong/v1/22018/furnace-1/data",
                                    "furnace temp=90\n")
            wait_until(lambda: ask(url, "/api/v1/alerts")[1]["data"]["alerts"],
                       90 * SLOW, "the alert")
            with sqlite3.connect(file) as db:
                version = db.execute("PRAGMA user_version").fetchone()
            expect(version == (99,), version)


run(promtool_and_grafana, alerts_without_a_history)
