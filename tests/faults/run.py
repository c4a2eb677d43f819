"""Kills, stops and cuts off parts under load and judges that nothing was lost
and nothing doubled.

    run.py --runs 1 --short --store influxdb --seed 7    one small run
    run.py --runs 20 --seed 7 --jobs 2 --report          through all stores; the
                                                         first violation ends it
    run.py --soak 30                                     see soak.py
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))

from local.process import die_with_parent  # noqa: E402
from report import Report  # noqa: E402

STORES = ("influxdb", "victoriametrics", "victoriametrics-plain")
HERE = Path(__file__).resolve().parent


class Session:
    """One run in a process of its own: its own ports, folder and children."""

    def __init__(self, seed, store, args, prefix):
        self.seed = seed
        self.store = store
        self.folder = Path(tempfile.mkdtemp(prefix="gong-faults-"))
        self.prefix = prefix
        self.child = subprocess.Popen(
            [sys.executable, HERE / "session.py", self.folder, str(seed),
             store, "short" if args.short else "long", args.kinds],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
            preexec_fn=die_with_parent)
        self.last = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            print(f"{self.prefix}{line}", end="", flush=True)
            self.last = line.strip() or self.last

    def result(self):
        self.reader.join(10)
        try:
            text = (self.folder / "result.json").read_text()
            return json.loads(text)
        except (OSError, ValueError):
            return {"violations": [f"the run itself broke: {self.last}"],
                    "figures": {}, "faults": {}}

    def end(self):
        """Its children die with it."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Runs:
    """Some at a time, in order of their seeds."""

    def __init__(self, args, report):
        self.args = args
        self.report = report
        self.waiting = list(range(args.seed, args.seed + args.runs))
        self.running = []
        self.changed = threading.Event()

    def begin(self):
        seed = self.waiting.pop(0)
        store = self.args.store or STORES[seed % len(STORES)]
        prefix = f"[{seed}] " if self.args.jobs > 1 else "  "
        print(f"seed {seed}, {store}:", flush=True)
        session = Session(seed, store, self.args, prefix)
        self.running.append(session)
        threading.Thread(target=self.watch, args=(session,),
                         daemon=True).start()

    def watch(self, session):
        session.child.wait()
        self.changed.set()

    def take(self, session):
        """False where it must be the last."""
        self.running.remove(session)
        result = session.result()
        print(self.report.add(session.seed, session.store, result),
              flush=True)
        if result["violations"]:
            print(f"  kept: {session.folder}", flush=True)
        elif not self.args.keep:
            session.remove()
        return not result["violations"] or self.args.go_on

    def all(self):
        try:
            while self.waiting or self.running:
                while self.waiting and len(self.running) < self.args.jobs:
                    self.begin()
                self.changed.wait()
                self.changed.clear()
                for session in list(self.running):
                    if (session.child.poll() is not None
                            and not self.take(session)):
                        return
        finally:
            for session in self.running:
                session.end()
                session.remove()


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true",
                        help="a smaller run, as in every test")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORES,
                        help="always this one; else one after the other")
    parser.add_argument("--kinds", default="",
                        help="only these faults, KIND,KIND..., and the kills")
    parser.add_argument("--jobs", type=int, default=1,
                        help="as many runs at a time")
    parser.add_argument("--report", action="store_true",
                        help="writes docs/reliability/DATE.txt at the end")
    parser.add_argument("--go-on", action="store_true",
                        help="does not end at a violation")
    parser.add_argument("--keep", action="store_true",
                        help="keeps the folders of good runs too")
    return parser.parse_args()


def main():
    args = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rest = ((f" --store {args.store}" if args.store else "")
            + (" --short" if args.short else "")
            + (f" --kinds {args.kinds}" if args.kinds else ""))
    report = Report("./gong test --faults", rest)
    try:
        Runs(args, report).all()
    except KeyboardInterrupt:
        print("ended from outside", flush=True)
        sys.exit(130)
    print(report.text())
    if args.report:
        print(f"written: {report.write(args.runs, args.seed)}")
    sys.exit(report.bad > 0)


if __name__ == "__main__":
    main()
