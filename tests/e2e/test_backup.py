"""A backup while alerts come in, the desk and the users wiped, and all of it
back: numbers, acknowledgements, silences, users; nobody is told twice."""

import json
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from province import ROOT, SLOW, Province, expect, run

from local.process import wait_until
from local.programs import BIN, Webhook

RULES = """
group = "desk";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "warning"; }; }
);
"""
ROUTES = """
receivers = ( { name = "hook"; channels = ("hook"); } );
route = { receiver = "hook"; group_by = ("..."); group_wait = "0s";
          group_interval = "100ms"; repeat_interval = "4h"; };
"""
BEFORE = 5  # lamps that are hot before the backup
DURING = 40


class Desk:
    """A province whose desk tells one receiver, each alert by itself."""

    def __init__(self):
        self.hook = Webhook()
        self.files = tempfile.TemporaryDirectory(prefix="gong-e2e-")
        self.rules = Path(self.files.name) / "rules.cfg"
        self.rules.write_text(RULES, encoding="utf-8")
        routes = Path(self.files.name) / "routes.cfg"
        routes.write_text(ROUTES, encoding="utf-8")
        extra = f"""
model = ( "{ROOT}/rules/city/daklak.cfg" );
desk = {{ routes = "{routes}"; }};
channels = (
  {{ name = "hook"; type = "webhook"; url = "{self.hook.url}"; }}
);
"""
        self.province = Province(store=None, rules=[self.rules], extra=extra)
        self.state = self.province.folder / "agent-state"

    def __enter__(self):
        self.province.__enter__()
        return self

    def __exit__(self, *problem):
        self.province.__exit__(*problem)
        self.hook.stop()
        self.files.cleanup()

    def lamp(self, name, temp):
        self.province.broker.publish(f"gong/v1/22015/{name}/data",
                                     f"lamp temp={temp}\n")

    def ctl(self, *words, code=0):
        done = subprocess.run(
            [BIN / "gongctl", *map(str, words), "--agent",
             f"unix:{self.state / 'gong.sock'}", "--format", "json"],
            capture_output=True, text=True, timeout=120, check=False)
        expect(done.returncode == code,
               f"gongctl {words}: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if code == 0 else done.stderr

    def incidents(self):
        """By lamp."""
        return {incident["labels"]["device"]: incident
                for incident in self.ctl("alerts", "--all")}

    def told(self):
        return [alert["labels"]["device"] for alert in self.hook.alerts
                if alert["status"] == "firing"]

    def wait_told(self, lamps, what):
        wait_until(lambda: set(lamps) <= set(self.told()), 30 * SLOW, what)

    def wipe(self):
        self.province.agent.stop()
        for name in ("desk.db", "users.db"):
            for suffix in ("", "-wal", "-shm"):
                (self.state / (name + suffix)).unlink(missing_ok=True)
        self.province.agent.start()


def kept(incident):
    return {name: incident[name] for name in
            ("number", "state", "acked_by", "ack_comment", "owner", "opened")}


def waiting(backup, unpacked):
    """The keys of messages that waited in a backup: only these may come again,
    for the desk that has sent them since is gone."""
    _, manifest, parts = backup.read_bytes().split(b"\n", 2)
    part = json.loads(manifest)["parts"][0]
    unpacked.write_bytes(parts[:part["size"]])
    db = sqlite3.connect(unpacked)
    rows = db.execute("SELECT (SELECT value FROM meta WHERE name = 'id') || '-'"
                      " || id FROM outbox WHERE state = 0").fetchall()
    db.close()
    return {key for key, in rows}


def settle(desk):
    """Until nothing more is told."""
    count = -1
    while count != len(desk.hook.keys):
        count = len(desk.hook.keys)
        time.sleep(1.5 * SLOW)


def backup_wipe_restore():
    with Desk() as desk:
        early = [f"lamp-{i}" for i in range(BEFORE)]
        late = [f"lamp-{i}" for i in range(BEFORE, BEFORE + DURING)]
        password = desk.province.folder / "password"
        password.write_text("mot mat khau dai\n", encoding="utf-8")
        for lamp in early:
            desk.lamp(lamp, 90)
        desk.wait_told(early, "the first alerts")
        desk.ctl("users", "add", "lan", "--grant", "admin@*",
                 "--password-file", password)
        first = desk.incidents()["lamp-0"]["number"]
        desk.ctl("ack", first, "--comment", "đang đến")
        desk.ctl("silence", "--match", "device=lamp-quiet", "--for", "2h",
                 "--comment", "thay đèn")
        file = desk.province.folder / "gong.backup"

        def burn():
            for lamp in late:
                desk.lamp(lamp, 90)
        burning = threading.Thread(target=burn)
        burning.start()
        made = desk.ctl("backup", file)
        burning.join()
        expect([part["name"] for part in made["parts"]][:2] ==
               ["desk.db", "users.db"], made)
        expect(made["parts"][2]["name"].startswith("rules/"), made)
        expect(file.stat().st_size == made["size"], made)
        expect(file.stat().st_mode & 0o777 == 0o600, "anybody may read it")
        desk.ctl("backup", file, code=65)
        desk.wait_told(late, "the alerts during the backup")
        settle(desk)
        expect(len(desk.told()) == len(set(desk.told())), desk.told())
        before = desk.incidents()

        # Someone empties the desk. A new one hears what is still so.
        desk.wipe()
        settle(desk)
        expect(desk.incidents()["lamp-0"]["state"] == "open",
               "the acknowledgement survived a wipe")
        told = len(desk.told())

        damaged = desk.province.folder / "damaged"
        damaged.write_bytes(file.read_bytes()[:-100])
        text = desk.ctl("restore", damaged, "--yes", code=65)
        expect("ends before" in text, text)
        text = desk.ctl("restore", desk.rules, "--yes", code=65)
        expect("no backup" in text, text)
        desk.ctl("restore", desk.province.folder / "none", "--yes", code=74)
        expect(desk.incidents()["lamp-0"]["state"] == "open",
               "a damaged backup changed something")
        desk.ctl("restore", file)  # only checks
        expect(desk.incidents()["lamp-0"]["state"] == "open",
               "a check changed something")

        done = desk.ctl("restore", file, "--yes")
        expect(done["desk"] and done["users"] and done["rules"], done)
        settle(desk)
        after = desk.incidents()
        for lamp in early:
            expect(kept(after[lamp]) == kept(before[lamp]),
                   (before[lamp], after[lamp]))
        expect(after["lamp-0"]["ack_comment"] == "đang đến", after["lamp-0"])
        expect(set(after) == set(before), "an alert was lost")
        numbers = [incident["number"] for incident in after.values()]
        expect(len(set(numbers)) == len(numbers), numbers)
        silences = desk.ctl("silences")
        expect("lamp-quiet" in json.dumps(silences), silences)
        users = desk.ctl("users")
        expect("lan" in json.dumps(users), users)
        again = desk.told()[told:]
        expect(not set(again) & set(early), f"told twice: {again}")
        expect(len(again) == len(set(again)), f"told twice: {again}")
        twice = [key for key, count in Counter(desk.hook.keys).items()
                 if count > 1]
        known = waiting(file, desk.province.folder / "unpacked.db")
        expect(not set(twice) - known, f"one key twice: {twice}, {known}")
        expect(list(desk.state.glob("desk.db.before-restore-*")),
               "what was there before is gone")

        # It goes on: told once, with a number of its own.
        desk.lamp("lamp-new", 90)
        desk.wait_told(["lamp-new"], "an alert after the restore")
        expect(desk.incidents()["lamp-new"]["number"] > max(numbers),
               "a number was given twice")
        desk.lamp("lamp-quiet", 90)
        desk.lamp("lamp-0", 20)
        wait_until(lambda: desk.incidents()["lamp-0"]["state"] == "ended",
                   20 * SLOW, "the end of a restored incident")
        settle(desk)
        expect("lamp-quiet" not in desk.told(), "told in spite of a silence")
        shown = desk.ctl("show", desk.incidents()["lamp-new"]["number"])
        why = shown["more"]["decisions"][0]
        expect(why["expr"] == "lamp_temp > 70" and why["value"] == "90", why)
        expect(0 < why["received"] <= why["decided"] <= why["stored"], why)


if __name__ == "__main__":
    run(backup_wipe_restore)
