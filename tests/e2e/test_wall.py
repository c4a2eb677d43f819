"""Alerts as retained state at the real broker: as many topics as alerts, each
valid for as long as it lasts, acknowledged or not, and none afterwards."""

import json
import subprocess
import time

from province import SLOW, Province, expect, run

from local.process import wait_until
from local.programs import BIN
from local.servers import binary

ALERTS = 150
VALID = 6 * SLOW
RULES = """
group = "wall";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; service = "lighting"; };
    annotations = {
      summary = "Đèn {{ $labels.lamp }} nóng";
      summary_en = "Lamp {{ $labels.lamp }} is hot";
      action = "Cắt nguồn."; action_en = "Cut the power.";
    }; }
);
"""
ROUTES = """
receivers = ( { name = "wall"; channels = ("wall"); } );
route = { receiver = "wall"; group_by = ("alertname");
          group_wait = "300ms"; group_interval = "500ms";
          repeat_interval = "4h"; };
"""


class Wall(Province):
    """A province whose alerts all go back to the broker."""

    def __init__(self):
        super().__init__(store=None)
        self.agent.stop()
        rules = self.folder / "wall.cfg"
        rules.write_text(RULES, encoding="utf-8")
        routes = self.folder / "routes.cfg"
        routes.write_text(ROUTES, encoding="utf-8")
        self.agent.config.write_text(f"""
agent = "demo";
state = "{self.folder}/agent-state";
broker = {{ url = "{self.broker.url}"; }};
rules = ( "{rules}" );
store = ( );
http = {{ listen = "127.0.0.1:{self.agent.http_port}"; }};
desk = {{ routes = "{routes}"; }};
channels = ( {{ name = "wall"; type = "mqtt"; url = "{self.broker.url}";
               valid = "{VALID}s"; }} );
""", encoding="utf-8")
        self.agent.start()

    def lamps(self, temp):
        self.broker.publish(
            "gong/v1/22015/lamps/data",
            "".join(f"lamp,lamp=l{i} temp={temp}\n" for i in range(ALERTS)))

    def retained(self):
        """What the broker hands to who comes now, by topic."""
        done = subprocess.run(
            [binary("usr/bin/mosquitto_sub"), "-h", "127.0.0.1", "-p",
             str(self.broker.port), "-t", "gong/v1/alerts/#",
             "--retained-only", "-W", str(SLOW), "-F", "%t %p"],
            capture_output=True, text=True, timeout=60, check=False)
        pairs = (line.partition(" ") for line in done.stdout.splitlines())
        return {topic: json.loads(text) for topic, _, text in pairs}

    def wait_topics(self, count):
        wait_until(lambda: len(self.retained()) == count, 30 * SLOW,
                   f"{count} retained topics")

    def acknowledge(self, number):
        subprocess.run(
            [BIN / "gongctl", "ack", str(number), "--agent",
             f"unix:{self.folder}/agent-state/gong.sock"],
            check=True, timeout=30, stdout=subprocess.DEVNULL)


def as_many_topics_as_alerts():
    with Wall() as wall:
        wall.lamps(90)
        wall.wait_topics(ALERTS)
        first = {alert["number"]: alert["valid_until"]
                 for alert in wall.retained().values()}
        expect(len(first) == ALERTS, first)
        for number in (1, ALERTS):
            wall.acknowledge(number)
        # What was said at first is no longer valid; what is said now is.
        time.sleep(max(first.values()) / 1000 - time.time() + 1)
        now = time.time() * 1000
        later = {alert["number"]: alert for alert in wall.retained().values()}
        expect(len(later) == ALERTS, f"{len(later)} topics")
        stale = [n for n, alert in later.items() if alert["valid_until"] < now]
        expect(not stale, f"not valid any more: {stale}")
        expect(later[1]["owner"] and later[1]["state"] == "firing", later[1])
        wall.lamps(20)
        wall.wait_topics(0)


if __name__ == "__main__":
    run(as_many_topics_as_alerts)
