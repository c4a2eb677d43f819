"""The real Prometheus with many data sets in it, asked over HTTP.

Samples go in through its remote-write receiver, the only door that lets stale
markers in. A snappy block may consist of literals alone, so no library is
needed to write one.
"""

import http.client
import json
import os
import struct
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))

from local.process import Failure, Process, free_port, wait_until  # noqa: E402
from local.servers import answers, binary  # noqa: E402

from dataset import NAN_BYTES, STALE_BYTES  # noqa: E402

# One head block for all years: nothing is compacted while we ask.
HEAD = "1000000h"


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def chunk(tag, body):
    return bytes((tag,)) + varint(len(body)) + body


def encode_series(series):
    """TimeSeries { repeated Label = 1 {1, 2}; repeated Sample = 2 {1, 2} }"""
    out = bytearray()
    for name, value in series.labels:
        out += chunk(0x0A, chunk(0x0A, name.encode())
                     + chunk(0x12, value.encode()))
    for stamp, value in series.samples:
        if value is None:
            bits = STALE_BYTES
        elif value != value:
            bits = NAN_BYTES
        else:
            bits = struct.pack("<d", value)
        out += chunk(0x12, b"\x09" + bits + b"\x10" + varint(stamp))
    return bytes(out)


def snappy(body):
    """One literal: its length, a tag that says 4 bytes of length, the bytes."""
    return (varint(len(body)) + b"\xfc" + struct.pack("<I", len(body) - 1)
            + body)


def query_form(case):
    if "at" in case:
        return "/api/v1/query", {"query": case["expr"],
                                 "time": f"{case['at'] / 1000:.3f}"}
    return "/api/v1/query_range", {
        "query": case["expr"], "start": f"{case['from'] / 1000:.3f}",
        "end": f"{case['to'] / 1000:.3f}", "step": f"{case['step'] / 1000:.3f}"}


class Reference:
    """One Prometheus with one look-back and one step for [5m:]."""

    def __init__(self, folder, name, lookback_ms, subquery_step_ms):
        self.lookback_ms = lookback_ms
        self.subquery_step_ms = subquery_step_ms
        self.folder = Path(folder) / name
        self.folder.mkdir()
        self.port = free_port()
        config = self.folder / "prometheus.yml"
        config.write_text("global: {evaluation_interval: "
                          f"{subquery_step_ms}ms}}\n")
        self.process = Process(name, [
            binary("usr/bin/prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-remote-write-receiver",
            f"--storage.tsdb.min-block-duration={HEAD}",
            f"--storage.tsdb.max-block-duration={HEAD}",
            "--storage.tsdb.retention.time=200y", "--log.level=warn",
            f"--query.lookback-delta={lookback_ms}ms"], folder,
            env={"GOMAXPROCS": os.environ.get("GOMAXPROCS", "2"),
                 "GOGC": "200"})
        self.local = threading.local()
        self.pool = ThreadPoolExecutor(3)

    def start(self):
        self.process.start()
        wait_until(lambda: self.process.check() or answers(
            f"http://127.0.0.1:{self.port}/-/ready"), 60, "Prometheus")
        return self

    def stop(self):
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.process.kill()  # nothing of it is to be kept

    def load(self, dataset):
        body = b"".join(chunk(0x0A, encode_series(one))
                        for one in dataset.series)
        status, answer = self.post("/api/v1/write", snappy(body), {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf"})
        if status != 204:
            raise Failure(f"remote write answered {status}: {answer[:300]}")

    def post(self, path, body, headers):
        for attempt in (0, 1):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=120)
                self.local.connection = connection
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None
                self.process.check()
                if attempt:
                    raise

    def ask(self, case):
        """The API's answer as the text that it is."""
        path, form = query_form(case)
        _, answer = self.post(path, urllib.parse.urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded"})
        return answer

    def ask_all(self, cases):
        return self.pool.map(self.ask, cases)

    def ask_json(self, case):
        return json.loads(self.ask(case))
