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


PORTS_EACH = 100  # of one program that reserves some
PORTS_FROM, PORTS_TO = 20000, 32000  # below those that the system gives out
reserved = []  # the socket that holds the range, then what is next


def reserve_ports():
    """A range of its own for free_port: a server that is away for a while must
    find its port again, whatever else runs on this machine."""
    for base in range(PORTS_FROM, PORTS_TO, PORTS_EACH):
        holder = socket.socket()
        try:
            holder.bind(("127.0.0.1", base))
        except OSError:
            holder.close()
            continue
        reserved[:] = [holder, iter(range(base + 1, base + PORTS_EACH))]
        return
    raise Failure("no free range of ports")


def free_port():
    """A loopback port that nobody listens on right now."""
    for port in reserved[1] if reserved else (0,):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failure("no free port")


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
