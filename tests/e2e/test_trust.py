"""Silence that may be trusted: proofs through the whole chain, gongctl watch on
the outside, gongctl drill from the broker to a receiver, the agent's will."""

import json
import signal
import sqlite3
import subprocess
import time
import urllib.request

from province import ROOT, SLOW, Province, expect, run
from test_mail import Mail

from local.process import wait_until
from local.programs import BIN, Webhook
from local.servers import binary

ROUTES = """
receivers = (
  { name = "hook"; channels = ("hook"); },
  { name = "room"; channels = ("room"); },
  { name = "unit-duty"; role = "duty"; of = "unit"; }
);
route = { receiver = "hook"; group_by = ("alertname"); group_wait = "30s";
          group_interval = "5m"; repeat_interval = "4h"; };
"""


class World:
    def __init__(self, store=None, mail=None):
        self.hook = Webhook()
        self.mail = ', { name = "email"; type = "log"; file = "/dev/null"; }'
        if mail:
            self.mail = f"""
  , {{ name = "email"; type = "email"; from = "gong@example.vn";
       url = "smtp://127.0.0.1:{mail.port}/gong.example.vn";
       ca_file = "{mail.cert}"; }}"""
        self.store = store

    def __enter__(self):
        self.province = Province(store=self.store)
        self.province.agent.stop()
        folder = self.province.folder
        (folder / "routes.cfg").write_text(ROUTES, encoding="utf-8")
        self.room = folder / "room.log"
        agent = self.province.agent
        text = agent.config.read_text(encoding="utf-8").replace(agent.told, "")
        agent.config.write_text(text + f"""
model = ( "{ROOT}/rules/city/daklak.cfg" );
desk = {{ routes = "{folder}/routes.cfg"; proof = "1s";
         link = "https://gong.example"; }};
channels = (
  {{ name = "hook"; type = "webhook"; url = "{self.hook.url}"; }},
  {{ name = "room"; type = "log"; file = "{self.room}"; }}
  {self.mail}
);
""", encoding="utf-8")
        agent.start()
        self.province.__enter__()
        return self

    def __exit__(self, *problem):
        self.province.__exit__(*problem)
        if self.hook:
            self.hook.stop()

    @property
    def agent(self):
        return self.province.agent

    def command(self, *words):
        socket = self.province.folder / "agent-state" / "gong.sock"
        return [BIN / "gongctl", *words, "--agent", f"unix:{socket}"]

    def ctl(self, *words):
        return subprocess.run(self.command(*words), capture_output=True,
                              text=True, timeout=120, check=False)

    def proof(self):
        done = self.api("proof")
        return done["last"]

    def api(self, what):
        with urllib.request.urlopen(
                f"{self.agent.url}/api/gong/v1/{what}", timeout=10) as answer:
            return json.load(answer)

    def wait_proof(self, after=0):
        wait_until(lambda: self.proof() > after, 20 * SLOW, "a proof")
        return self.proof()


def proofs_come_back_and_leave_no_trace():
    with World(store="victoriametrics") as world:
        first = world.wait_proof()
        world.wait_proof(first)
        metrics = world.agent.metrics()
        expect(metrics["gong_proof_timestamp_seconds"] > time.time() - 60,
               metrics["gong_proof_timestamp_seconds"])
        expect(metrics['gong_proofs_total{result="back"}'] >= 2, metrics)
        with urllib.request.urlopen(f"{world.agent.url}/healthz",
                                    timeout=10) as answer:
            expect(json.load(answer)["proof"] == "ok", "healthz")
        once = world.ctl("watch", "--once")
        expect(once.returncode == 0, once)
        expect("BÌNH THƯỜNG" in once.stdout and "WELL" in once.stdout,
               once.stdout)
        # Of all this nothing is history.
        expect(world.ctl("drill").returncode == 0, "drill")
        world.province.broker.publish("gong/v1/22015/lamp-1/data",
                                      "lamp temp=20\n")
        wait_until(lambda: any(name == "lamp_temp" for name, *_ in
                               world.province.store.samples()),
                   30 * SLOW, "an ordinary sample in the store", step=0.3)
        names = {name for name, labels, *_ in world.province.store.samples()
                 if labels.get("site") in ("gong-proof", "gong-drill")
                 or name in ("gong_proof_value", "gong_drill_value")}
        expect(not names, names)
        incidents = world.api("incidents")
        expect(incidents["incidents"] == [], incidents)
        ledger = world.api("ledger")
        expect({device["site"] for device in ledger["devices"]} <= {"22015"},
               ledger)
        with urllib.request.urlopen(f"{world.agent.url}/api/v1/alerts",
                                    timeout=10) as answer:
            alerts = json.load(answer)["data"]["alerts"]
        expect(not [alert for alert in alerts
                    if alert["labels"]["alertname"].startswith("Gong")],
               alerts)
        told = [alert["labels"]["alertname"]
                for alert in world.hook.alerts]
        expect({name for name in told if name.startswith("Gong")}
               == {"GongDrill"}, told)
        # Of proofs the desk's database keeps the last ones only.
        last = world.proof()
        for _ in range(3):
            last = world.wait_proof(last)
        with sqlite3.connect(f"file:{world.province.folder}/agent-state/"
                             "desk.db?mode=ro", uri=True) as db:
            count = db.execute("SELECT count(*) FROM messages WHERE receiver ="
                               " 'all'").fetchone()[0]
        expect(0 < count <= 4, count)


def watch_names_what_stands():
    with World() as world:
        world.wait_proof()
        said = world.province.folder / "said"
        program = world.province.folder / "siren"
        program.write_text(f"#!/bin/sh\necho \"$1 $2 | $3\" >> {said}\n",
                           encoding="utf-8")
        program.chmod(0o755)
        watch = subprocess.Popen(
            world.command("watch", "--max-age", "4s", "--every", "200ms",
                          "--repeat", "2s", "--exec", str(program)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def lines():
            return said.read_text(encoding="utf-8").splitlines() \
                if said.exists() else []
        time.sleep(1)
        expect(not lines(), lines())
        world.province.broker.stop()
        stopped = time.monotonic()
        wait_until(lambda: len(lines()) >= 1, (4 + 6) * SLOW, "the alarm")
        expect(time.monotonic() - stopped < 8 * SLOW, "the alarm came late")
        expect(lines()[0].startswith("alarm "), lines())
        wait_until(lambda: len(lines()) >= 2, 10 * SLOW, "it again")
        expect("broken at: broker" in lines()[-1], lines())
        once = world.ctl("watch", "--once", "--max-age", "4s")
        expect(once.returncode == 1 and "BÁO ĐỘNG" in once.stdout, once)
        world.province.broker.start()
        wait_until(lambda: lines()[-1].startswith("well "), 40 * SLOW,
                   "that it is well")
        # The agent itself is gone.
        world.agent.process.send(signal.SIGKILL)
        world.agent.process.child.wait()
        wait_until(lambda: lines()[-1].startswith("alarm ")
                   and "does not answer" in lines()[-1], 20 * SLOW,
                   "the alarm without an agent")
        once = world.ctl("watch", "--once")
        expect(once.returncode == 69, once)
        world.agent.start()
        wait_until(lambda: lines()[-1].startswith("well "), 40 * SLOW,
                   "that it is well again")
        watch.send_signal(signal.SIGTERM)
        out, err = watch.communicate(timeout=30)
        expect(watch.returncode == 0, (watch.returncode, err))
        expect(out.count("BÁO ĐỘNG") >= 3 and "BÌNH THƯỜNG" in out, out)


def a_drill_tells_hop_by_hop():
    with World() as world:
        done = world.ctl("drill", "--unit", "22015")
        expect(done.returncode == 0, (done.stdout, done.stderr))
        for text in ("sent to the broker", "journaled", "its rule fires",
                     "the desk has it", "told: channel:hook",
                     "DIỄN TẬP ĐẠT"):
            expect(text in done.stdout, (text, done.stdout))
        alert = world.hook.alerts[0]
        expect(alert["labels"]["alertname"] == "GongDrill", alert)
        expect("DIỄN TẬP / DRILL" in alert["annotations"]["summary"], alert)
        expect(alert["labels"]["unit"] == "22015", alert)
        time.sleep(1.1)
        done = world.ctl("drill", "--receiver", "room")
        expect(done.returncode == 0, (done.stdout, done.stderr))
        text = world.room.read_text(encoding="utf-8")
        expect("DIỄN TẬP / DRILL" in text, text)
        expect(len(world.hook.alerts) == 1, world.hook.alerts)
        time.sleep(1.1)
        done = world.ctl("drill", "--receiver", "nobody")
        expect(done.returncode == 1 and "BROKEN AT: desk" in done.stderr
               and "no such receiver" in done.stderr, done)


def a_drill_reaches_people():
    """By the city model's posts, to a real mail server."""
    with Mail() as mail, World(mail=mail) as world:
        done = world.ctl("drill", "--contact", "duty-22015")
        expect(done.returncode == 0, (done.stdout, done.stderr))
        expect("contact:duty-22015, kênh | channel email" in done.stdout,
               done.stdout)
        time.sleep(1.1)
        done = world.ctl("drill", "--receiver", "unit-duty", "--unit", "22015")
        expect(done.returncode == 0, (done.stdout, done.stderr))
        got = [mail for _, mail, _ in mail.got()]
        expect(len(got) == 2, got)
        for one in got:
            expect(one["To"] == "duty-22015@example.vn", one["To"])
            expect(one["Subject"].startswith("[DIỄN TẬP] [KHẨN CẤP] thử "),
                   one["Subject"])
            text = one.get_body(("plain",)).get_content()
            expect(text.count("DIỄN TẬP") == 1 and "#0" not in text, text)
            expect("DIỄN TẬP, không phải sự cố thật" in text, text)
            expect("https://" not in text, text)


def a_drill_names_the_broken_hop():
    with World() as world:
        world.wait_proof()
        # The receiver at the end.
        world.hook.stop()
        world.hook = None
        done = world.ctl("drill", "--timeout", "4s")
        expect(done.returncode == 1, done)
        expect("BROKEN AT: outbox" in done.stderr
               and "channel hook" in done.stderr, done.stderr)
        # It is away, also where a drill passes it over.
        time.sleep(1.1)
        done = world.ctl("drill", "--receiver", "room")
        expect(done.returncode == 0 and "DIỄN TẬP ĐẠT" in done.stdout
               and "channel hook: mất kết nối từ | away since" in done.stdout,
               done)
        time.sleep(1.1)
        # The desk: its database is taken by somebody else.
        with sqlite3.connect(f"{world.province.folder}/agent-state/desk.db",
                             timeout=30, isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            done = world.ctl("drill", "--timeout", "3s", "--receiver", "room")
            db.execute("ROLLBACK")
        expect(done.returncode == 1 and "BROKEN AT: desk" in done.stderr
               and "its rule fires" in done.stdout, done)
        # The broker.
        world.province.broker.stop()
        wait_until(lambda: not world.agent.metrics().get(
            "gong_agent_broker_connected"), 20 * SLOW, "the broken link")
        done = world.ctl("drill")
        expect(done.returncode == 1 and "BROKEN AT: broker" in done.stderr,
               done)
        # The agent.
        world.agent.process.send(signal.SIGKILL)
        world.agent.process.child.wait()
        done = world.ctl("drill")
        expect(done.returncode == 69, done)
        world.province.broker.start()
        world.agent.start()


def the_agents_will():
    with World() as world:
        broker = world.province.broker

        def status():
            got = subprocess.run(
                [binary("usr/bin/mosquitto_sub"), "-h", "127.0.0.1", "-p",
                 str(broker.port), "-C", "1", "-W", "5", "-t",
                 "gong/v1/agents/demo/status"],
                capture_output=True, text=True, check=False).stdout
            return json.loads(got)["status"] if got else ""
        wait_until(lambda: status() == "online", 20 * SLOW, "the birth")
        world.agent.process.send(signal.SIGKILL)
        world.agent.process.child.wait()
        wait_until(lambda: status() == "offline", 20 * SLOW, "the will")
        world.agent.start()


if __name__ == "__main__":
    run(proofs_come_back_and_leave_no_trace, watch_names_what_stands,
        a_drill_tells_hop_by_hop, a_drill_reaches_people,
        a_drill_names_the_broken_hop, the_agents_will)
