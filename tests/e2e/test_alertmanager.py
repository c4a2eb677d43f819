"""A real Alertmanager and our desk are told of the same alerts, with the same
route: their receivers get the same JSON."""

import json
import re
import shutil
import sys
import tempfile
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from province import ROOT, SLOW, Province, expect, run

from local.process import Failure, Process, free_port, wait_until
from local.servers import answers, binary, http

RULES = r"""
group = "peers";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; service = "lighting"; };
    annotations = {
      summary = "Đèn {{ $labels.device }} nóng \"{{ $value }}\" °C";
      summary_en = "Lamp {{ $labels.device }} is at {{ $value }} °C";
      action = "Cắt nguồn tủ đèn."; action_en = "Cut the cabinet's power.";
    }; },
  { id = "river"; alert = "River"; expr = "river_level";
    labels = { service = "water"; };
    levels = ( { severity = "warning"; above = 30; resolve = 29; },
               { severity = "critical"; above = 40; resolve = 39; } ); }
);
"""
LIGHTING = ('service="lighting"', 'severity=~"critical|warning"')
WATER = ('service="water"',)
GROUP_BY = ("alertname", "unit", "street")
LISTED = 100  # the most that one message lists
# What a message and its alerts hold; all of it must be equal but what follows.
MESSAGE = {"version": str, "groupKey": str, "truncatedAlerts": int,
           "status": str, "receiver": str, "groupLabels": dict,
           "commonLabels": dict, "commonAnnotations": dict,
           "externalURL": str, "alerts": list}
ALERT = {"status": str, "labels": dict, "annotations": dict, "startsAt": str,
         "endsAt": str, "generatorURL": str, "fingerprint": str}
# Where people look: each program's own.
OWN = {"externalURL", "generatorURL"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
STREETS = {"plain": "Nguyễn Huệ", "quotes": 'a"b c', "marks": "b\\cd{e}=f~",
           "tab": "x\ty"}


def seconds(text):
    """An instant, whatever number of digits it was written with."""
    expect(RFC3339.fullmatch(text), f"no instant: {text}")
    whole, _, fraction = text[:-1].partition(".")
    return (datetime.fromisoformat(whole + "+00:00").timestamp()
            + float("0." + (fraction or "0"))
            if not text.startswith("0001") else text)


def rfc3339(ms):
    return (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000))
            + f".{ms % 1000:03}Z")


class Receiver:
    """Keeps the messages of each path."""

    def __init__(self):
        self.messages = []  # (path, headers, body)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.append((self.path, dict(self.headers),
                                       json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def bodies(self, path):
        return [body for got, _, body in list(self.messages) if got == path]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Alertmanager:
    """Debian's reads its templates from where its package is installed; a copy
    reads them from the folder it runs in, which has to have as long a name."""
    SHARE = "usr/share/prometheus/alertmanager"

    def __init__(self, folder, url):
        program = folder / "prometheus-alertmanager"
        there = f"/{self.SHARE}".encode()
        program.write_bytes(
            binary("usr/bin/prometheus-alertmanager").read_bytes()
            .replace(there, b".".ljust(len(there), b"/")))
        program.chmod(0o700)
        config = folder / "alertmanager.json"  # which is YAML
        hook = {"url": f"{url}/alertmanager", "max_alerts": LISTED}
        config.write_text(json.dumps({
            "route": {
                "receiver": "nobody", "group_by": GROUP_BY,
                "group_wait": "1s", "group_interval": "1s",
                "repeat_interval": "4h",
                "routes": [{"receiver": "hook", "matchers": LIGHTING},
                           {"receiver": "hook", "matchers": WATER,
                            "group_by": ["..."]}]},
            "receivers": [{"name": "nobody"},
                          {"name": "hook", "webhook_configs": [hook]}]}))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process(
            "alertmanager",
            ["env", f"--chdir={binary(self.SHARE)}", program,
             f"--config.file={config}",
             f"--storage.path={folder / 'alertmanager'}",
             f"--web.listen-address=127.0.0.1:{port}",
             "--cluster.listen-address="], folder)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check()
                   or answers(f"{self.url}/-/ready"), 20, "Alertmanager")
        return self

    def stop(self):
        return self.process.stop()

    def tell(self, alerts):
        status, text = http("POST", f"{self.url}/api/v2/alerts",
                            json.dumps(alerts).encode(),
                            headers={"Content-Type": "application/json"})
        expect(status == 200, f"Alertmanager answered {status}: {text}")

    def fingerprint(self, labels):
        _, text = http("GET", f"{self.url}/api/v2/alerts")
        return [alert["fingerprint"] for alert in json.loads(text)
                if alert["labels"] == labels]


class Both:
    """A province with a desk, and an Alertmanager; use with `with`."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-peers-"))
        self.receiver = Receiver()
        self.alertmanager = Alertmanager(self.folder, self.receiver.url)
        rules = self.folder / "rules.cfg"
        rules.write_text(RULES, encoding="utf-8")
        routes = self.folder / "routes.cfg"
        routes.write_text(self.routes(), encoding="utf-8")
        self.province = Province(store=None, rules=[rules], extra=f"""
model = ( "{ROOT}/rules/city/daklak.cfg" );
desk = {{ routes = "{routes}"; link = "https://gong.example"; }};
channels = ( {{ name = "hook"; type = "webhook";
                url = "{self.receiver.url}/gong"; }} );
""")

    @staticmethod
    def routes():
        def listed(texts):
            return ", ".join(json.dumps(text) for text in texts)
        return f"""
receivers = ( {{ name = "nobody"; channels = ("hook"); }},
              {{ name = "hook"; channels = ("hook"); }} );
route = {{ receiver = "nobody"; group_by = ({listed(GROUP_BY)});
          group_wait = "1s"; group_interval = "1s"; repeat_interval = "4h";
          routes = (
            {{ receiver = "hook"; matchers = ({listed(LIGHTING)}); }},
            {{ receiver = "hook"; matchers = ({listed(WATER)});
              group_by = ("..."); }} ); }};
"""

    def __enter__(self):
        self.province.__enter__()
        try:
            self.alertmanager.start()
        except Failure:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *problem):
        if kind is not None:
            print(self.alertmanager.process.tail(), file=sys.stderr)
        self.alertmanager.stop()
        self.province.__exit__(kind, *problem)
        self.receiver.stop()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self, device, lines):
        self.province.broker.publish(f"gong/v1/22015/{device}/data",
                                     "".join(line + "\n" for line in lines))

    def pair(self, count, chosen=lambda body: True):
        """The message number count of each that is chosen, when both came."""
        def found(path):
            return [body for body in self.receiver.bodies(path)
                    if chosen(body)][count - 1:]
        wait_until(lambda: found("/gong") and found("/alertmanager"),
                   30 * SLOW, f"message {count} of both")
        return found("/gong")[0], found("/alertmanager")[0]


def escaped(text):
    """A tag's value in line protocol."""
    return re.sub(r"([ ,=])", r"\\\1", text)


def lamp(device, street, value, stamp):
    """The line of a device, and the alert that comes of it."""
    labels = {"alertname": "LampHot", "device": device, "kind": "ward",
              "service": "lighting", "severity": "critical", "site": "22015",
              "street": street, "unit": "22015"}
    annotations = {"summary": f'Đèn {device} nóng "{value}" °C',
                   "summary_en": f"Lamp {device} is at {value} °C",
                   "action": "Cắt nguồn tủ đèn.",
                   "action_en": "Cut the cabinet's power.",
                   "unit_name": "Phường Tuy Hoà",
                   "unit_name_en": "Tuy Hoa Ward"}
    return (f"lamp,street={escaped(street)} temp={value} {stamp * 1000000}",
            {"labels": labels, "annotations": annotations,
             "startsAt": rfc3339(stamp), "generatorURL": "http://x/graph"})


def same_kinds(what, kinds, name):
    expect({key: type(value) for key, value in what.items()} == kinds,
           f"{name} has other keys or types: {what}")


def same_alert(ours, theirs):
    for alert, name in ((ours, "ours"), (theirs, "Alertmanager's")):
        same_kinds(alert, ALERT, name)
    for key in ALERT:
        if key in ("startsAt", "endsAt"):
            same = seconds(ours[key]) == seconds(theirs[key])
        else:
            same = key in OWN or ours[key] == theirs[key]
        expect(same, f"{key}: {ours[key]!r} instead of {theirs[key]!r}")


def same_head(ours, theirs):
    for message, name in ((ours, "ours"), (theirs, "Alertmanager's")):
        same_kinds(message, MESSAGE, name)
    for key in MESSAGE:
        expect(key in OWN or key == "alerts" or ours[key] == theirs[key],
               f"{key}: {ours[key]!r} instead of {theirs[key]!r}")


def same(ours, theirs):
    """Equal, whatever order the alerts are listed in."""
    same_head(ours, theirs)

    def by_fingerprint(message):
        return sorted(message["alerts"], key=lambda a: a["fingerprint"])
    expect(len(ours["alerts"]) == len(theirs["alerts"]),
           f"{len(ours['alerts'])} instead of {len(theirs['alerts'])} alerts")
    for pair in zip(by_fingerprint(ours), by_fingerprint(theirs)):
        same_alert(*pair)


def two_alerts_of_a_group(both, street):
    def mine(body):
        return body["groupLabels"].get("street") == street
    stamp = time.time_ns() // 1000000 - 1
    lines, alerts = zip(*(lamp(f"lamp-{n}", street, 80 + n, stamp)
                          for n in (1, 2)))
    for n, line in enumerate(lines, 1):
        both.publish(f"lamp-{n}", [line])
    both.alertmanager.tell(alerts)
    ours, theirs = both.pair(1, mine)
    same(ours, theirs)
    expect(ours["status"] == "firing" and len(ours["alerts"]) == 2, ours)
    expect(len(ours["commonLabels"]) == 7, ours)
    # The first is over, then the other.
    for n, status in ((1, "firing"), (2, "resolved")):
        end = time.time_ns() // 1000000 - 1
        both.publish(f"lamp-{n}", [lamp("", street, 20, end)[0]])
        both.alertmanager.tell([{**alerts[n - 1], "endsAt": rfc3339(end)}])
        ours, theirs = both.pair(n + 1, mine)
        same(ours, theirs)
        expect(ours["status"] == status, ours)
        expect(len(ours["alerts"]) == 3 - n, ours)


def messages_are_alertmanagers():
    with Both() as both:
        for street in STREETS.values():
            two_alerts_of_a_group(both, street)
        keys = [headers.get("Idempotency-Key")
                for path, headers, _ in both.receiver.messages
                if path == "/gong"]
        expect(None not in keys and len(set(keys)) == len(keys), keys)


def long_messages_say_how_many_are_left_out():
    with Both() as both:
        stamp = time.time_ns() // 1000000 - 1
        lines, alerts = [], []
        for n in range(LISTED + 5):
            line, alert = lamp("lamp-1", "Lê Lợi", 90, stamp)
            lines.append(line.replace("lamp,", f"lamp,n={n:03},"))
            alert["labels"]["n"] = f"{n:03}"
            alerts.append(alert)
        both.publish("lamp-1", lines)
        both.alertmanager.tell(alerts)
        ours, theirs = both.pair(1)
        same_head(ours, theirs)
        expect(ours["truncatedAlerts"] == 5, ours["truncatedAlerts"])
        # Which ones are listed is each program's own matter.
        expect(len(ours["alerts"]) == len(theirs["alerts"]) == LISTED,
               len(ours["alerts"]))


def a_level_is_no_other_alert():
    """What climbs is the same alert to its receivers: its fingerprint is that
    of its labels without severity. Alertmanager has no word for it."""
    with Both() as both:
        stamp = time.time_ns() // 1000000
        both.publish("gauge-1", [f"river level=35 {stamp * 1000000}"])
        wait_until(lambda: both.receiver.bodies("/gong"), 30 * SLOW, "level I")
        both.publish("gauge-1", [f"river level=45 {(stamp + 1) * 1000000}"])
        wait_until(lambda: len(both.receiver.bodies("/gong")) > 1, 30 * SLOW,
                   "level II")
        alerts = [alert for body in both.receiver.bodies("/gong")
                  for alert in body["alerts"]]
        expect([alert["labels"].pop("severity") for alert in alerts]
               == ["warning", "critical"], alerts)
        expect(alerts[0]["labels"] == alerts[1]["labels"], alerts)
        both.alertmanager.tell([{"labels": alerts[0]["labels"]}])
        expect([alert["fingerprint"] for alert in alerts]
               == 2 * both.alertmanager.fingerprint(alerts[0]["labels"]),
               alerts)


if __name__ == "__main__":
    run(messages_are_alertmanagers, long_messages_say_how_many_are_left_out,
        a_level_is_no_other_alert)
