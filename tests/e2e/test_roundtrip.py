"""What the encoder writes, the real stores read back as it was meant."""

import json
import math
import os
import subprocess
import tempfile
import time
from pathlib import Path

from province import expect, run
from local.servers import InfluxDB, VictoriaMetrics, http

STAMP_NS = 1760000000123000000
CASES = json.loads(subprocess.run(
    [Path(os.environ["GONG_TOOL_DIR"]) / "encode_cases"], check=True,
    capture_output=True).stdout)


def close(a, b):
    # VictoriaMetrics keeps decimal mantissas of at most 2^63 and rounds.
    return a == b or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-306)


def influxdb_reads_every_point():
    with tempfile.TemporaryDirectory() as folder:
        store = InfluxDB(folder).start()
        try:
            body = "".join(case["influxdb"] for case in CASES).encode()
            status, text = http("POST", f"{store.url}/write?db=gong", body)
            expect(status == 204, text)
            rows = list(store.rows())
        finally:
            store.stop()
    expect(len(rows) == len(CASES), f"{len(rows)} rows")
    for case in CASES:
        fields = {"number": float(case["number"]),
                  "integer": int(case["integer"])}
        if case["text"]:
            fields["text"] = case["text"]
        want = (case["measurement"], {"tag": case["tag"]}, STAMP_NS, fields)
        expect(want in rows, f"{want} is not among\n"
               + "\n".join(map(repr, rows)))


def victoriametrics_reads_every_number():
    with tempfile.TemporaryDirectory() as folder:
        store = VictoriaMetrics(folder).start()
        try:
            body = "".join(case["victoriametrics"] for case in CASES).encode()
            status, text = http("POST", f"{store.url}/write", body)
            expect(status == 204, text)
            deadline = time.monotonic() + 20
            found = {}
            while (len(found) < 2 * len(CASES)
                   and time.monotonic() < deadline):
                time.sleep(0.3)
                found = {(metric, labels["tag"]): (stamp, value)
                         for metric, labels, stamp, value in store.samples()}
        finally:
            store.stop()
    for case in CASES:
        for field in ("number", "integer"):
            key = (f"{case['measurement']}_{field}", case["tag"])
            expect(key in found, f"{key} is not among {list(found)}")
            stamp, value = found[key]
            expect(stamp == STAMP_NS // 1_000_000, f"{key}: stamp {stamp}")
            expect(close(value, float(case[field])),
                   f"{key}: {value}, expected {case[field]}")


run(influxdb_reads_every_point, victoriametrics_reads_every_number)
