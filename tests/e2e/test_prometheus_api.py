"""/api/v1/alerts and /api/v1/rules beside those of the real Prometheus, which
has the same two rules: every member that it answers is in ours, with the same
type; and what is in ours alone is known."""

import json
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from province import SLOW, Province, expect, run

from local.process import Process, free_port, wait_until
from local.servers import answers, binary

OURS = """
group = "lamps"; interval = "1s";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; };
    annotations = { summary = "{{ $value }} °C"; }; },
  { id = "cold"; alert = "LampCold"; expr = "lamp_temp < 0"; },
  { id = "sum"; record = "lamps:temp:sum"; expr = "sum(lamp_temp)"; }
);
"""
THEIRS = """
groups:
- name: lamps
  interval: 1s
  rules:
  - alert: LampHot
    expr: vector(90) > 70
    labels: {severity: critical}
    annotations: {summary: '{{ $value }} °C'}
  - alert: LampCold
    expr: vector(90) < 0
  - record: lamps:temp:sum
    expr: vector(90)
"""
# Members of our own, documented in docs/API.md.
OWN = {"id", "levels", "trial", "truncated", "unknown"}


class Prometheus:
    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "rules.yml").write_text(THEIRS, encoding="utf-8")
        config = folder / "prometheus.yml"
        config.write_text(f'rule_files: ["{folder}/rules.yml"]\n')
        self.process = Process("prometheus", [
            binary("usr/bin/prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn"], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check() or
                   answers(f"{self.url}/-/ready"), 60, "Prometheus")
        return self

    def stop(self):
        self.process.stop()


def get(url, path, **query):
    query = urllib.parse.urlencode(query, doseq=True)
    try:
        with urllib.request.urlopen(f"{url}{path}?{query}", timeout=10) as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def alerts(url):
    return get(url, "/api/v1/alerts")[1]["data"]["alerts"]


def rules(url, **query):
    status, answer = get(url, "/api/v1/rules", **query)
    expect(status == 200, f"{query}: {status} {answer}")
    return {rule["name"]: rule for group in answer["data"]["groups"]
            for rule in group["rules"]}


def kind(value):
    return "number" if type(value) in (int, float) else type(value).__name__


def compare(where, theirs, ours):
    """Members and types, down to the first element of each list; labels and
    annotations are what rules and samples say."""
    expect(kind(theirs) == kind(ours), f"{where}: {theirs!r}, ours {ours!r}")
    if isinstance(theirs, dict) and where.rpartition(".")[2] not in (
            "labels", "annotations"):
        missing = theirs.keys() - ours.keys()
        more = ours.keys() - theirs.keys() - OWN
        expect(not missing and not more, f"{where}: without {missing}, "
               f"with {more}: {theirs}, ours {ours}")
        for name, value in theirs.items():
            if name != "rules":
                compare(f"{where}.{name}", value, ours[name])
    elif isinstance(theirs, list) and theirs:
        expect(ours, f"{where} is empty")
        compare(where + "[]", theirs[0], ours[0])


def answers_are_of_one_shape():
    with tempfile.TemporaryDirectory(prefix="gong-e2e-") as folder:
        rule_file = Path(folder) / "lamps.cfg"
        rule_file.write_text(OURS, encoding="utf-8")
        look_at(rule_file)


def look_at(rule_file):
    with Province(store=None, rules=[rule_file]) as province:
        agent = province.agent
        prometheus = province.add(Prometheus(province.folder))
        province.broker.publish("gong/v1/22015/lamp-1/data", "lamp temp=90\n")
        for url in (prometheus.url, agent.url):
            wait_until(lambda: alerts(url), 30 * SLOW, "a firing alert")
            wait_until(lambda: all(rule["health"] == "ok" for rule in
                                   rules(url).values()), 30 * SLOW, "health")
        for path in ("/api/v1/alerts", "/api/v1/rules"):
            compare(path, get(prometheus.url, path)[1], get(agent.url, path)[1])
        theirs, ours = rules(prometheus.url), rules(agent.url)
        for name, rule in theirs.items():
            compare(name, rule, ours[name])
            for member in ("type", "state", "health"):
                expect(rule.get(member) == ours[name].get(member),
                       f"{name}: {member} {ours[name].get(member)}")
        for word, count in (("alert", 2), ("record", 1)):
            for url in (prometheus.url, agent.url):
                expect(len(rules(url, type=word)) == count, f"{url} {word}")
        expect(set(rules(agent.url, **{"rule_name[]": ["LampHot", "x"]})) ==
               {"LampHot"}, "rule_name[]")
        wrong = [get(url, "/api/v1/rules", type="x")
                 for url in (prometheus.url, agent.url)]
        expect(wrong[0][0] == wrong[1][0] == 400, f"{wrong}")
        compare("type=x", wrong[0][1], wrong[1][1])


run(answers_are_of_one_shape)
