"""An alert becomes work: a device's sample, a mail to the unit's duty officer,
an escalation to the unit's head, an acknowledgement, kill -9, and the end."""

import base64
import http.client
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

from province import ROOT, SLOW, Province, expect, run
from test_mail import Mail

from local.process import wait_until
from local.programs import BIN, Webhook
from local.servers import Mosquitto

RULES = """
group = "desk";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; service = "lighting"; };
    annotations = {
      summary = "Đèn {{ $labels.device }} nóng {{ $value }} °C";
      summary_en = "Lamp {{ $labels.device }} is at {{ $value }} °C";
      action = "Cắt nguồn tủ đèn."; action_en = "Cut the cabinet's power.";
    }; }
);
"""
ROUTES = """
receivers = (
  { name = "hook"; channels = ("hook"); },
  { name = "unit-duty"; role = "duty"; of = "unit"; },
  { name = "unit-head"; role = "head"; of = "unit"; }
);
route = { receiver = "unit-duty"; group_by = ("alertname");
          group_wait = "200ms"; group_interval = "500ms";
          repeat_interval = "4h"; routes = (
            { receiver = "hook"; continue = true; },
            { receiver = "unit-duty"; } ); };
escalation = ( { matchers = ("severity=\\"critical\\"");
                 acknowledge = "2s"; resolve = "1h";
                 steps = ( { after = "2s"; receiver = "unit-head"; } ); } );
"""


class Desk:
    """A province with a desk, a mail server and a receiver of webhooks."""

    def __init__(self, mail):
        self.mail = mail
        self.hook = Webhook()
        self.rules = mail.folder / "rules.cfg"
        self.rules.write_text(RULES, encoding="utf-8")
        self.routes = mail.folder / "routes.cfg"
        self.routes.write_text(ROUTES, encoding="utf-8")
        self.model = mail.folder / "city.cfg"
        shutil.copy(ROOT / "rules" / "city" / "daklak.cfg", self.model)
        extra = f"""
model = ( "{self.model}" );
desk = {{ routes = "{self.routes}"; link = "https://gong.example"; }};
channels = (
  {{ name = "hook"; type = "webhook"; url = "{self.hook.url}"; }},
  {{ name = "email"; type = "email";
     url = "smtp://127.0.0.1:{mail.port}/gong.example.vn";
     from = "gong@example.vn"; ca_file = "{mail.cert}"; }}
);
"""
        self.province = Province(store=None, rules=[self.rules], extra=extra)

    def __enter__(self):
        self.province.__enter__()
        return self

    def __exit__(self, *problem):
        self.province.__exit__(*problem)
        self.hook.stop()

    @property
    def agent(self):
        return self.province.agent

    def lamp(self, temp, site="22015"):
        self.province.broker.publish(f"gong/v1/{site}/lamp-1/data",
                                     f"lamp temp={temp}\n")

    def ctl(self, *words, fails=False):
        """What gongctl prints as JSON over the local socket."""
        socket = self.province.folder / "agent-state" / "gong.sock"
        done = subprocess.run(
            [BIN / "gongctl", *words, "--agent", f"unix:{socket}",
             "--format", "json"], capture_output=True, text=True, timeout=60,
            check=False)
        expect((done.returncode != 0) == fails,
               f"gongctl {words}: {done.returncode}: {done.stderr}")
        return None if fails else json.loads(done.stdout)

    def mails(self, to):
        return [mail for envelope, mail, _ in self.mail.got()
                if mail["To"] == to]

    def wait_mails(self, to, count, what):
        wait_until(lambda: len(self.mails(to)) >= count, 20 * SLOW, what)
        return self.mails(to)


class Stream:
    """Server-sent events as a browser reads them, from one connection."""

    def __init__(self, agent, last_id=""):
        self.events = []  # (event, data)
        self.last_id = last_id
        request = urllib.request.Request(
            f"{agent.url}/api/gong/v1/events",
            headers={"Last-Event-ID": last_id} if last_id else {})
        self.answer = urllib.request.urlopen(request, timeout=60)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event, data = "", ""
        try:
            for raw in self.answer:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "event":
                    event = value
                elif name == "data":
                    data = value
                elif name == "" and event:
                    self.events.append((event, json.loads(data)))
                    event = ""
        except (OSError, http.client.HTTPException):
            pass  # the agent was killed

    def saw(self, state, number=1):
        return [data for event, data in self.events if event == "incident"
                and data["number"] == number and data["state"] == state]

    def wait(self, state):
        wait_until(lambda: self.saw(state), 20 * SLOW,
                   f"the stream's word of {state}")
        return self.saw(state)[-1]


def incident(desk, number=1):
    return desk.ctl("show", str(number))["incident"]


def alerts_become_work():
    with Mail() as mail, Desk(mail) as desk:
        desk.lamp(90)
        duty = desk.wait_mails("duty-22015@example.vn", 1, "the duty's mail")
        expect("#1" in duty[0]["Subject"], duty[0]["Subject"])
        text = duty[0].get_body(("plain",)).get_content()
        expect("Phường Tuy Hoà" in text, text)
        expect("Cắt nguồn tủ đèn." in text, text)
        expect("https://gong.example/a/" in text, text)
        wait_until(lambda: desk.hook.count("firing") >= 1, 20 * SLOW, "webhook")
        head = desk.wait_mails("head-22015@example.vn", 1, "the head's mail")
        expect("CHUYỂN CẤP TRÊN" in head[0]["Subject"], head[0]["Subject"])
        # People answer; a kill does not undo it.
        desk.ctl("ack", "1", "--comment", "đang đến")
        before = incident(desk)
        expect(before["state"] == "acknowledged", before)
        desk.agent.process.send(signal.SIGKILL)
        desk.agent.process.child.wait()
        desk.agent.start()
        after = incident(desk)
        expect(after["state"] == "acknowledged", after)
        expect(after["number"] == before["number"], after)
        time.sleep(3)
        expect(len(desk.mails("head-22015@example.vn")) == 1,
               "the head was told again of what is acknowledged")
        desk.lamp(20)
        wait_until(lambda: desk.hook.count("resolved") >= 1, 30 * SLOW,
                   "the end by webhook")
        duty = desk.wait_mails("duty-22015@example.vn", 2, "the end by mail")
        expect("ĐÃ KẾT THÚC" in duty[-1]["Subject"].upper(),
               duty[-1]["Subject"])
        expect(len(set(desk.hook.keys)) == len(desk.hook.keys),
               f"told twice: {desk.hook.keys}")


def stamps(desk):
    """Of each alert told by the webhook, from its sample to the answer."""
    path = desk.province.folder / "agent-state" / "desk.db"
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = db.execute(
        "SELECT captured_ms, received_ms, decided_ms, stored_ms, notified_ms"
        " FROM message_incidents AS x"
        " JOIN outbox AS o ON o.message = x.message"
        " JOIN deliveries AS d ON d.outbox = o.id"
        " WHERE d.channel = 'hook' AND d.notified_ms <> 0"
        " ORDER BY notified_ms").fetchall()
    db.close()
    return rows


def alerts_carry_their_stamps():
    with Mail() as mail, Desk(mail) as desk:
        for temp, status in ((90, "firing"), (20, "resolved")):
            desk.lamp(temp)
            wait_until(lambda: desk.hook.count(status) == 1, 20 * SLOW, status)
        hook = 'type="webhook"'
        wait_until(lambda: desk.agent.metrics().get(
            f"gong_desk_notified_seconds_count{{{hook}}}") == 2, 20 * SLOW,
            "both in /metrics")
        wait_until(lambda: len(stamps(desk)) == 2, 20 * SLOW, "both kept")
        for row in stamps(desk):
            expect(0 < row[0] and list(row) == sorted(row), row)
        expect(len(desk.hook.alerts) == 2, desk.hook.alerts)
        metrics = desk.agent.metrics()
        expect(metrics["gong_engine_alert_latency_seconds_count"] >= 2, metrics)
        expect(metrics["gong_desk_stored_seconds_count"] >= 2, metrics)
        tops = [metrics[f'gong_desk_notified_seconds_quantile{{{hook},'
                        f'quantile="{quantile}"}}']
                for quantile in ("0.5", "0.9", "0.99")]
        expect(0 < tops[0] and tops == sorted(tops), tops)


def others_may_look_into_the_database():
    """Its write-ahead log stays, whoever opens and closes the file."""
    with Mail() as mail, Desk(mail) as desk:
        path = desk.province.folder / "agent-state" / "desk.db"
        desk.lamp(90)
        wait_until(lambda: desk.hook.count("firing") == 1, 20 * SLOW, "the alert")
        look = ("import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                "c.execute('SELECT count(*) FROM incidents').fetchone(); c.close()")
        subprocess.run([sys.executable, "-c", look, path], check=True)
        expect(path.with_name("desk.db-wal").exists(),
               "the agent writes on into a log that is gone")


def streams_tell_what_became_of_it():
    with Mail() as mail, Desk(mail) as desk:
        stream = Stream(desk.agent)
        wait_until(lambda: stream.last_id, 20 * SLOW, "the stream's greeting")
        desk.lamp(90)
        opened = stream.wait("open")
        expect(opened["labels"]["unit"] == "22015", opened)
        desk.ctl("ack", "1", "--comment", "đang đến")
        acked = stream.wait("acknowledged")
        shown = incident(desk)
        expect(acked["acked_by"] == shown["acked_by"], (acked, shown))
        # Who was cut off by a kill is told to read the lists again.
        desk.agent.process.send(signal.SIGKILL)
        desk.agent.process.child.wait()
        desk.agent.start()
        again = Stream(desk.agent, stream.last_id)
        wait_until(lambda: ("reset", {}) in again.events, 20 * SLOW, "a reset")
        desk.lamp(20)
        again.wait("ended")
        expect(not again.saw("open"), again.events)


def other_routes_hold_after_a_reload():
    with Mail() as mail, Desk(mail) as desk:
        good = desk.routes.read_text(encoding="utf-8")
        desk.routes.write_text(good.replace('"unit-head"; }',
                                            '"nobody"; }'), encoding="utf-8")
        desk.agent.process.send(signal.SIGHUP)
        log = desk.agent.process.log_path
        wait_until(lambda: "rules_refused" in log.read_text(errors="replace"),
                   20 * SLOW, "the refusal of routes to nobody")
        expect("routes.cfg:" in log.read_text(errors="replace"),
               "the refusal names no place")
        desk.routes.write_text(good.replace('role = "duty"', 'role = "head"'),
                               encoding="utf-8")
        desk.agent.process.send(signal.SIGHUP)
        wait_until(lambda: "rules_loaded" in log.read_text(errors="replace"),
                   20 * SLOW, "the reload")
        time.sleep(0.5 * SLOW)
        desk.lamp(95)
        desk.wait_mails("head-22015@example.vn", 1, "mail by the new routes")
        expect(not desk.mails("duty-22015@example.vn"),
               "mail by the old routes")


def rules_and_city_go_back_together():
    with Mail() as mail, Desk(mail) as desk:
        def name():
            return [unit["name"] for unit in desk.ctl("units")["units"]
                    if unit["code"] == "22015"]

        def change(path, old, new):
            """One text in a file for another, and a reload."""
            text = path.read_text(encoding="utf-8")
            expect(old in text, f"{path} has no {old}")
            path.write_text(text.replace(old, new), encoding="utf-8")
        first = [one["sha"] for one in desk.ctl("rules", "log")["sets"]
                 if one["now"]]
        change(desk.model, "Phường Tuy Hoà", "Phường Tuy Hoà Mới")
        change(desk.model, "; head = [", "; chief = [")
        change(desk.routes, '"head"', '"chief"')
        change(desk.rules, "> 70", "> 95")
        desk.agent.process.send(signal.SIGHUP)
        wait_until(lambda: name() == ["Phường Tuy Hoà Mới"], 20 * SLOW,
                   "the new city")
        # The routes of now name a role that the earlier city does not have:
        # its own routes come back with it.
        desk.ctl("rules", "rollback", *first)
        wait_until(lambda: name() == ["Phường Tuy Hoà"], 20 * SLOW,
                   "the earlier city")
        desk.lamp(90)
        duty = desk.wait_mails("duty-22015@example.vn", 1, "the duty's mail")
        text = duty[0].get_body(("plain",)).get_content()
        expect("Phường Tuy Hoà" in text and "Mới" not in text, text)


class Parrot(Webhook):
    """Takes nothing and repeats all that it was sent but the body."""

    def __init__(self):
        super().__init__()
        outer = self
        self.tries = 0

        class Handler(self.server.RequestHandlerClass):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.tries += 1
                # Its own header first: only a part is kept.
                text = (f"{self.headers['Authorization']} {self.path} "
                        .encode())
                self.send_response(500)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.server.RequestHandlerClass = Handler


SECRETS = ("hook-passw0rd", "hook-t0ken", "mail-passw0rd", "mqtt-passw0rd",
           "query-t0ken", "path-t0ken-0123456789")


def secret_channels(parrot, broker, mail, folder):
    """Three that repeat or refuse a login, and one that takes it."""
    for word in SECRETS[:4]:
        (folder / word).write_text(word + "\n")
        (folder / word).chmod(0o600)
    url = f"{parrot.url}hooks/{SECRETS[5]}?key={SECRETS[4]}"
    return f"""
channels = (
  {{ name = "basic"; type = "webhook"; url = "{url}"; username = "gong";
     password_file = "{folder / SECRETS[0]}"; }},
  {{ name = "bearer"; type = "webhook"; url = "{url}";
     token_file = "{folder / SECRETS[1]}"; }},
  {{ name = "queue"; type = "mqtt"; url = "{broker.url}"; username = "gong";
     client_id = "queue"; password_file = "{folder / SECRETS[3]}"; }},
  {{ name = "email"; type = "email"; from = "gong@example.vn"; user = "gong";
     url = "smtp://127.0.0.1:{mail.port}/gong.example.vn"; tls = "required";
     ca_file = "{mail.cert}"; password_file = "{folder / SECRETS[2]}"; }}
);
model = ( "{ROOT / "rules" / "city" / "daklak.cfg"}" );
desk = {{ routes = "{folder / "routes.cfg"}"; }};
"""


def encoded(word):
    """As HTTP and SMTP (PLAIN, LOGIN) send it."""
    return [base64.b64encode(text.encode()).decode()
            for text in (word, f"gong:{word}", f"\0gong\0{word}")]


def secrets_stay_secret():
    """Of webhook, mail and MQTT: not in logs, deliveries or the API."""
    parrot = Parrot()
    names = ("basic", "bearer", "queue", "email")
    with Mail(starttls=True, user="gong", password="another") as mail:
        folder = mail.folder
        (folder / "rules.cfg").write_text(RULES, encoding="utf-8")
        (folder / "routes.cfg").write_text(
            "receivers = (" + ",".join(
                [f'{{ name = "{name}"; channels = ("{name}"); }}'
                 for name in names[:3]]
                + ['{ name = "email"; role = "duty"; of = "unit"; }'])
            + ');\nroute = { receiver = "basic"; group_wait = "0s"; routes = ('
            + ",".join(f'{{ receiver = "{name}"; continue = true; }}'
                       for name in names) + "); };", encoding="utf-8")
        broker = Mosquitto(folder).start()
        province = Province(
            store=None, rules=[folder / "rules.cfg"],
            extra=secret_channels(parrot, broker, mail, folder))
        state = province.folder / "agent-state"
        with province:
            province.broker.publish("gong/v1/22015/lamp-1/data",
                                    "lamp temp=90\n")

            def tried():
                with sqlite3.connect(state / "desk.db", timeout=30) as db:
                    return db.execute("SELECT * FROM deliveries").fetchall()
            wait_until(lambda: all(name in str(tried()) for name in names),
                       30 * SLOW, "a try of each")
            told = [str(tried()), province.agent.process.log_path.read_text()]
            told += [subprocess.run(
                [BIN / "gongctl", *words, "--agent", f"unix:{state}/gong.sock"],
                capture_output=True, text=True, timeout=60, check=False).stdout
                for words in (("show", "1"), ("show", "1", "--format", "json"),
                              ("alerts", "--format", "json"))]
            with urllib.request.urlopen(f"{province.agent.url}/metrics",
                                        timeout=60) as answer:
                told.append(answer.read().decode())
        broker.stop()
    parrot.stop()
    expect("Basic ****" in told[0] and "Bearer ****" in told[0]
           and "Basic ****" in told[3], told)
    for secret in SECRETS:
        for text in told:
            for form in (secret, *encoded(secret)):
                expect(form not in text, (form, text))


if __name__ == "__main__":
    run(alerts_become_work, alerts_carry_their_stamps,
        others_may_look_into_the_database,
        streams_tell_what_became_of_it, other_routes_hold_after_a_reload,
        rules_and_city_go_back_together, secrets_stay_secret)
