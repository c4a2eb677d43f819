"""What every end-to-end test needs: parts that end, and a verdict."""

import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local.manifest import judge  # noqa: E402
from local.process import Failure  # noqa: E402
from local.programs import Agent, Collector, Sim, Webhook  # noqa: E402
from local.servers import STORES, Mosquitto  # noqa: E402

CITY = ROOT / "rules" / "city"
# Sanitized programs are several times slower to start and to stop.
SLOW = 4 if os.environ.get("GONG_SANITIZED") else 1


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Province:
    """A private province in a folder of its own; use with `with`."""

    def __init__(self, store="victoriametrics", rules=(CITY,), extra="",
                 store_url=None):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-e2e-"))
        self.parts = []
        self.webhook = Webhook()
        self.broker = self.add(Mosquitto(self.folder))
        self.store = None
        stores = []
        if store:
            self.store = self.add(STORES[store](self.folder))
            url = store_url(self.store.url) if store_url else None
            stores = [self.store.agent_config(url)]
        self.agent = self.add(Agent(self.folder, self.broker.url, rules,
                                    stores, self.webhook, extra))

    def add(self, part):
        """Starts a part now; it is stopped at the end."""
        self.parts.append(part)
        try:
            return part.start()
        except Failure:
            self.report()
            raise

    def collector(self, inputs=('{ type = "internal"; interval = "1s"; }',),
                  **options):
        return self.add(Collector(self.folder, self.broker.url, inputs,
                                  **options))

    def sim(self, broker_url=None, **options):
        return self.add(Sim(self.folder, broker_url or self.broker.url,
                            **options))

    def settle(self, manifests, seconds=30, transitions=0):
        """The judgement once all is there, or after seconds at the most."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            judgement = judge(manifests, self.store)
            if (judgement.complete and judgement.transitions >= transitions
                    or time.monotonic() > deadline):
                return judgement
            time.sleep(0.5)

    def report(self):
        for part in self.parts:
            if part.process.log_path.exists():
                print(part.process.tail(), file=sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.report()
        codes = {part.process.name: part.stop()
                 for part in reversed(self.parts)}
        self.webhook.stop()
        if kind is None:
            for name, code in codes.items():
                # Our own programs must stop in good order, also under
                # sanitizers, whose findings change the exit code.
                if name.startswith("gong-") and code not in (0, None):
                    self.report()
                    raise Failure(f"{name} ended with {code}")
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"kept: {self.folder}", file=sys.stderr)


def run(*tests):
    """Runs each test function; prints its name and ok or not."""
    failed = 0
    for test in tests:
        began = time.monotonic()
        try:
            test()
            print(f"ok     {test.__name__} ({time.monotonic() - began:.1f} s)",
                  flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc()
            print(f"FAILED {test.__name__}", flush=True)
    sys.exit(1 if failed else 0)
