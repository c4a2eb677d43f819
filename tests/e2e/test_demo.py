"""./gong demo judges: it passes when all is well and fails when not."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from province import ROOT, SLOW, expect, run
from proxy import DroppingMqttProxy, RefusingStoreProxy

sys.path.insert(0, str(ROOT / "deploy"))

from local.process import free_port  # noqa: E402


def demo(*options, seconds=14):
    # A demo that fails keeps its folder: here, inside ours.
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [sys.executable, ROOT / "deploy" / "demo.py", "--for",
             f"{seconds}s", *options], capture_output=True, text=True,
            timeout=200 * SLOW, env={**os.environ, "TMPDIR": folder,
                                     "PYTHONDONTWRITEBYTECODE": "1"})
    return result.returncode, result.stdout + result.stderr


def passes_when_nothing_is_lost():
    code, text = demo(seconds=42)
    expect(code == 0, text)
    expect("missing 0" in text, text)


def passes_on_victoriametrics():
    code, text = demo("--store", "victoriametrics", seconds=42)
    expect(code == 0, text)
    expect("missing 0" in text, text)


def says_that_it_does_not_judge():
    code, text = demo("--store", "none", seconds=42)
    expect(code == 0 and "loss is not judged" in text, text)


def passes_on_influxdb():
    code, text = demo("--store", "influxdb", seconds=42)
    expect(code == 0, text)
    expect("missing 0" in text, text)


def fails_when_one_message_is_dropped():
    port = free_port()
    proxy = DroppingMqttProxy(port)
    code, text = demo("--sim-broker", proxy.url, "--broker-port", str(port))
    proxy.stop()
    expect(len(proxy.dropped) == 1, "the proxy dropped nothing")
    expect(code == 1 and "does not hold all" in text, text)


def fails_with_an_empty_rule_pack():
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.cfg"
        empty.write_text('group = "empty";\nrules = ();\n')
        code, text = demo("--rules", str(empty))
    expect(code == 1 and "at least one alert" in text, text)
    expect("missing 0" in text, text)


def fails_when_the_store_refuses_one_point():
    port = free_port()
    proxy = RefusingStoreProxy(f"http://127.0.0.1:{port}")
    code, text = demo("--store", "victoriametrics", "--store-url", proxy.url,
                      "--store-port", str(port))
    proxy.stop()
    expect(len(proxy.refused) == 1, "the proxy refused nothing")
    expect(code == 1 and "does not hold all" in text, text)


TESTS = {
    "passes": (passes_when_nothing_is_lost,),
    "victoriametrics": (passes_on_victoriametrics,),
    "influxdb": (passes_on_influxdb,),
    "none": (says_that_it_does_not_judge,),
    "controls": (fails_when_one_message_is_dropped,
                 fails_with_an_empty_rule_pack,
                 fails_when_the_store_refuses_one_point),
}
run(*TESTS[sys.argv[1]])
