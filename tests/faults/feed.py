"""Numbered samples through a collector's socket, and what was answered."""

import random
import socket
import threading
import time
from dataclasses import dataclass, field

SERIES = 16  # so that the stamps of a burst stay near the present
SIGNALS = 4
ROUND_S = 0.1


@dataclass
class Notes:
    """By (series key, number): what the collector said. Numbers never come
    twice; a sample without an answer may or may not exist."""
    accepted: dict = field(default_factory=dict)
    unknown: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)


class Feeder:
    """Feeds one collector: `load,s=<k> n=<number>i` at a rate, and signals
    `sig,s=<k> v=<0|100>,n=<number>i` that rules watch."""

    def __init__(self, path, seed, rate):
        self.path = str(path)
        self.dice = random.Random(seed)
        self.rate = rate
        self.notes = Notes()
        self.lock = threading.Lock()
        self.extra = 0
        self.final = None
        self.calm_since = None  # since when the final signals are accepted
        self.quiet = False  # no signals for a while
        self.stopping = False
        self.failure = None
        self.number = 0
        self.stamps = {}
        self.levels = [0] * SIGNALS
        self.until = [0.0] * SIGNALS
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def accepted(self):
        with self.lock:
            return len(self.notes.accepted)

    def burst(self, count):
        with self.lock:
            self.extra += count

    def finish(self, levels):
        """From now on the signals stand at these levels."""
        self.final = levels

    def stop(self):
        self.stopping = True
        self.thread.join(30)

    def stamp(self, key):
        """Now, a millisecond apart within a series."""
        now = max(time.time_ns() // 1_000_000, self.stamps.get(key, 0) + 1)
        self.stamps[key] = now
        return now * 1_000_000

    def line(self, key, extra=""):
        self.number += 1
        stamp = self.stamp(key)
        return (f"{key} {extra}n={self.number}i {stamp}\n",
                (key, self.number, stamp))

    def load_lines(self, count):
        return [self.line(f"load,s={i % SERIES}") for i in range(count)]

    def signal_lines(self):
        lines, now = [], time.monotonic()
        for k in range(SIGNALS):
            if self.final is not None:
                self.levels[k] = self.final[k]
            elif now >= self.until[k]:
                self.levels[k] = 1 - self.levels[k]
                self.until[k] = now + self.dice.uniform(0.4, 5)
            lines.append(self.line(f"sig,s={k}",
                                   f"v={100 * self.levels[k]},"))
        return lines

    def note(self, lines, answer):
        words = dict(word.partition("=")[::2] for word in answer.split())
        accepted = int(words.get("accepted", 0))
        with self.lock:
            for i, (_, (key, number, stamp)) in enumerate(lines):
                if not answer.endswith("\n"):
                    book = self.notes.unknown
                elif i < accepted:
                    book = self.notes.accepted
                else:
                    book = self.notes.refused
                book[key, number] = stamp

    def ask(self, sock, answers, lines):
        """One request; False when the collector is gone."""
        answer = ""
        try:
            sock.sendall(("".join(text for text, _ in lines) + "\n").encode())
            answer = answers.readline()
        except OSError:
            pass
        self.note(lines, answer)
        if self.final is not None and lines[0][1][0].startswith("sig,"):
            self.note_calm(f"accepted={len(lines)} " in answer)
        return answer.endswith("\n")

    def note_calm(self, accepted):
        if not accepted:
            self.calm_since = None
        elif self.calm_since is None:
            self.calm_since = time.monotonic()

    def calm_for(self, seconds):
        since = self.calm_since
        return since is not None and time.monotonic() - since >= seconds

    def talk(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(30)
            sock.connect(self.path)
            with sock.makefile("r") as answers:
                while not self.stopping:
                    began = time.monotonic()
                    with self.lock:
                        count = int(self.rate * ROUND_S) + self.extra
                        self.extra = 0
                    while count > 0:
                        lines = self.load_lines(min(count, 100))
                        count -= len(lines)
                        if not self.ask(sock, answers, lines):
                            return
                    if not self.quiet and not self.ask(sock, answers,
                                                       self.signal_lines()):
                        return
                    time.sleep(max(0, began + ROUND_S - time.monotonic()))

    def run(self):
        try:
            while not self.stopping:
                try:
                    self.talk()
                except OSError:
                    pass
                time.sleep(0.05)
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
