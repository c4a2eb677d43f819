"""A collector with a small spool and no broker drops its oldest: when the broker
is back, what is stored and what is reported dropped is what was accepted, and
the ledger names the range. A new spool under the same name closes the old one."""

import json
import shutil
import socket
import subprocess
import time

from province import Province, SLOW, expect, run
from local.process import wait_until
from local.programs import BIN, http

SPOOL = 'size = "256KiB"; segment = "128KiB"; policy = "drop_oldest";'


def feed(path, first, count):
    """Numbered samples, a few at a time; how many were accepted."""
    accepted = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(str(path))
        answers = sock.makefile("r")
        for number in range(first, first + count, 5):
            sock.sendall(("".join(
                f"load number={number + i}i {time.time_ns() + i}\n"
                for i in range(5)) + "\n").encode())
            answer = answers.readline()
            expect(answer.startswith("accepted=5 "), f"answer: {answer}")
            accepted += 5
    return accepted, answer


def ledger(province):
    _, text = http("GET", f"{province.agent.url}/ledger?site=22015", timeout=5)
    return {d["device"]: d["epochs"] for d in json.loads(text)["devices"]}


def shown(province):
    done = subprocess.run(
        [BIN / "gong-agent", "--config", province.agent.config, "--ledger",
         "22015/gateway-1"], capture_output=True, text=True, timeout=60,
        check=False)
    return done.returncode, done.stdout


def settled(province):
    epochs = ledger(province).get("gateway-1")
    return (epochs and epochs[0]["outstanding"] == 0 and
            epochs[0]["dropped_points"] > 0 and epochs[0])


def kill_and_start(collector, forget=False):
    collector.process.kill()
    collector.socket.unlink()
    if forget:
        shutil.rmtree(collector.folder / "gong-collector-spool")
    collector.start()


def small_spool(collector):
    """Makes the spool small: before its first start."""
    text = collector.config.read_text()
    path = f'{collector.folder}/gong-collector-spool'
    collector.config.write_text(text.replace(
        f'spool = {{ path = "{path}"; }};',
        f'spool = {{ path = "{path}"; {SPOOL} }};'))


def what_is_dropped_is_told_to_the_point():
    extra = 'ingest = { ack_interval = "200ms"; ledger_interval = "1s"; };'
    with Province("victoriametrics", extra=extra) as province:
        collector = province.collector(inputs=())
        collector.stop()
        small_spool(collector)
        shutil.rmtree(province.folder / "gong-collector-spool")
        collector.start()
        accepted, _ = feed(collector.socket, 0, 100)
        time.sleep(1)
        province.broker.stop()
        more, answer = feed(collector.socket, 100, 15000)
        accepted += more
        expect(" dropped=" in answer, f"the answer hides it: {answer}")
        kill_and_start(collector)
        more, _ = feed(collector.socket, 20000, 100)
        accepted += more
        province.broker.start()
        wait_until(lambda: settled(province), 40 * SLOW, "the ledger")
        time.sleep(1)
        epoch = settled(province)
        reports = points_of(epoch, province)
        print(f"accepted {accepted}, received {epoch['points']} with "
              f"{reports} reports, dropped {epoch['dropped_points']}")
        expect(epoch["points"] - reports + epoch["dropped_points"] == accepted,
               f"it does not add up: {epoch}")
        expect(epoch["missing"] == 0 and epoch["damaged"] == 0,
               f"something is unexplained: {epoch}")
        expect(any(r["reason"] == "drop_oldest" for r in epoch["lost_ranges"]),
               "no range is named")
        expect(epoch["state"] == "gaps", f"state: {epoch['state']}")
        code, text = shown(province)
        print(text)
        expect(code == 1 and "sau đó chưa rõ" in text, f"{code}: {text}")
        # The agent's own restart changes nothing.
        province.agent.stop()
        code, text = shown(province)
        expect(code == 1 and "saved state" in text, f"{code}: {text}")
        province.agent.start()
        again = ledger(province)["gateway-1"][0]
        expect(again["dropped_points"] == epoch["dropped_points"] and
               again["points"] == epoch["points"], f"{again} was {epoch}")
        # Another spool: the old one was killed, so nobody knows its end.
        kill_and_start(collector, forget=True)
        feed(collector.socket, 40000, 5)
        wait_until(lambda: ledger(province)["gateway-1"][0]["epoch"] !=
                   epoch["epoch"], 20 * SLOW, "the new epoch")
        old = ledger(province)["gateway-1"][1]
        expect(old["epoch"] == epoch["epoch"], f"another one: {old}")
        expect(old["state"] == "cut" and old["closed"], f"not closed: {old}")


def points_of(epoch, province):
    """Points of reports among those received: lines of gong_dropped."""
    journal = province.folder / "agent-state" / "journal"
    text = b"".join(f.read_bytes() for f in sorted(journal.glob("*.segment")))
    mark = f'gong_dropped,reason=drop_oldest epoch="{epoch["epoch"]}"'.encode()
    return text.count(mark)


run(what_is_dropped_is_told_to_the_point)
