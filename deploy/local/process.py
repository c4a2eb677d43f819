"""Processes that are started, watched and ended by pid, and free ports."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class Failure(Exception):
    """Something did not happen that had to; the text says what to look at."""


def free_port():
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what, step=0.05):
    """Polls condition until it is truthy; returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds} s in vain for: {what}")
        time.sleep(step)


def port_open(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    """Between fork and exec: a killed parent must leave nothing running."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One child with its log file. The child dies with this program."""

    def __init__(self, name, command, log_dir, env=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = Path(log_dir) / f"{name}.log"
        self.env = {**os.environ, **(env or {})}
        self.child = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.env, start_new_session=True,
                preexec_fn=die_with_parent)
        return self

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def check(self):
        """Raises if the child ended by itself."""
        if self.child is not None and self.child.poll() is not None:
            raise Failure(f"{self.name} ended with {self.child.returncode}:\n"
                          + self.tail())

    def send(self, number):
        if self.alive():
            os.kill(self.child.pid, number)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL; returns the exit code, None if not started."""
        if self.child is None:
            return None
        self.send(signal.SIGTERM)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        code = self.child.returncode
        self.child = None
        return code

    def kill(self):
        if self.alive():
            self.child.kill()
            self.child.wait()
        self.child = None

    def tail(self, lines=25):
        text = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}| {line}" for line in text[-lines:])
