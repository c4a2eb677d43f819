"""What the collector costs only when asked for, and what slowness costs."""

import shutil
import tempfile
import time
from pathlib import Path

from province import SLOW, expect, run
from local.manifest import parse_line
from local.process import wait_until
from local.programs import Collector
from local.servers import Mosquitto
from targets import BlackHole, Web

HOST = [f'{{ type = "{kind}"; interval = "500ms"; }}' for kind in
        ("cpu", "mem", "system", "processes", "disk", "diskio", "net", "temp",
         "internal")]


class Watched:
    """A collector with a broker; use with `with`."""

    def __init__(self, inputs):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-e2e-"))
        self.broker = Mosquitto(self.folder)
        self.collector = Collector(self.folder, self.broker.url, inputs)

    def __enter__(self):
        self.broker.start()
        self.collector.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.collector.process.tail())
        code = self.collector.stop()
        self.broker.stop()
        expect(kind is not None or code == 0,
               f"gong-collector ended with {code}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def libraries(self):
        pid = self.collector.process.child.pid
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        return {Path(line.split()[-1]).name.split(".so")[0]
                for line in lines if ".so" in line}

    def stamps(self):
        """{measurement: sorted stamps in s}"""
        found = {}
        manifest = self.collector.manifest
        text = manifest.read_text() if manifest.exists() else ""
        for line in text[:text.rfind("\n") + 1].splitlines():
            measurement, _, _, stamp = parse_line(line)
            found.setdefault(measurement, set()).add(stamp / 1e9)
        return {name: sorted(stamps) for name, stamps in found.items()}

    def wait_for(self, measurement, count, seconds=20):
        def enough():
            self.collector.process.check()
            return len(self.stamps().get(measurement, ())) >= count

        wait_until(enough, seconds * SLOW,
                   f"{count} gatherings of {measurement}")


COSTLY = {"libcurl", "libssl", "libcrypto"}


def host_inputs_load_no_web_libraries():
    with Watched(HOST) as watched:
        watched.wait_for("mem", 3)
        wait_until(lambda: watched.stamps().get("internal_collector"), 10,
                   "the collector's own numbers")
        loaded = watched.libraries()
        # Really a look at the program with its broker connection.
        expect(any(name.startswith("libpaho") for name in loaded),
               f"no MQTT library among {sorted(loaded)}")
        expect(not COSTLY & loaded, f"loaded: {sorted(COSTLY & loaded)}")


def a_web_check_loads_them():
    web = Web("well")
    check = ('{ type = "http_response"; interval = "500ms"; '
             f'url = "http://127.0.0.1:{web.port}/"; }}')
    with Watched(HOST + [check]) as watched:
        watched.wait_for("http_response", 2)
        missing = COSTLY - watched.libraries()
        expect(not missing, f"not loaded: {sorted(missing)}")
    web.stop()


def a_slow_check_delays_no_other():
    hole, web = BlackHole(), Web("well")
    timeout = 4
    inputs = HOST + [
        '{ type = "http_response"; interval = "500ms"; '
        f'timeout = "{timeout}s"; url = "http://127.0.0.1:{hole.port}/"; }}',
        '{ type = "net_response"; interval = "500ms"; '
        f'address = "127.0.0.1:{web.port}"; }}',
    ]
    with Watched(inputs) as watched:
        began = time.time()
        watched.wait_for("http_response", 2, seconds=4 * timeout + 10)
        stamps = watched.stamps()
        slow = stamps["http_response"]
        # The control: that check was slow indeed.
        expect(slow[1] - slow[0] >= timeout,
               f"the slow check took only {slow[1] - slow[0]:.1f} s")
        # During one wait of the slow one the others went on.
        for name in ("mem", "system", "net_response", "internal_collector"):
            during = [at for at in stamps[name] if slow[0] <= at <= slow[1]]
            expect(len(during) >= timeout,
                   f"{name}: {len(during)} gatherings in {timeout} s; stamps "
                   f"since the start: "
                   f"{[round(at - began, 1) for at in stamps[name]]}")
    hole.stop()
    web.stop()


if __name__ == "__main__":
    run(host_inputs_load_no_web_libraries, a_web_check_loads_them,
        a_slow_check_delays_no_other)
