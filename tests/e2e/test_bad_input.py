"""What bad input gets: a clear answer, and nothing else is hurt."""

import subprocess
import tempfile
import time
from pathlib import Path

from local_wait import wait_for_sample
from province import CITY, SLOW, Province, expect, run
from local.process import wait_until
from local.programs import BIN

EX_CONFIG, EX_USAGE = 78, 64


def check(program, text, *more):
    """--check of a configuration: (exit code, what was said)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.cfg"
        path.write_text(text.replace("@FOLDER@", folder), encoding="utf-8")
        result = subprocess.run(
            [BIN / program, "--config", path, "--check", *more],
            capture_output=True, text=True, timeout=30 * SLOW)
        said = (result.stdout + result.stderr).replace(str(path), "x.cfg")
        return result.returncode, said.replace(folder, "@FOLDER@")


def refused(program, text, *wanted):
    code, said = check(program, text)
    expect(code == EX_CONFIG, f"exit {code}: {said}")
    for part in wanted:
        expect(part in said, f"{part!r} is not in:\n{said}")


AGENT = '''state = "@FOLDER@/state";
rules = ( "@RULES@" );
broker = { url = "mqtt://127.0.0.1:1"; };
'''.replace("@RULES@", str(CITY))

COLLECTOR = '''site = "22015";
device = "gw-1";
broker = { url = "mqtt://127.0.0.1:1"; };
spool = { path = "@FOLDER@/spool"; };
inputs = ( { type = "mem"; } );
'''


def a_good_configuration_passes():
    for program, text in (("gong-agent", AGENT),
                          ("gong-collector", COLLECTOR)):
        code, said = check(program, text)
        expect(code == 0, f"{program}: exit {code}: {said}")


def an_unknown_key_names_the_nearest():
    refused("gong-agent", AGENT + 'agnet = "x";\n', "x.cfg:4:1: ", '"agnet"',
            '"agent"')
    refused("gong-collector", COLLECTOR + 'intervall = "5s";\n',
            "x.cfg:6:1: ", '"intervall"', '"interval"')


def a_wrong_type_is_named_with_its_place():
    refused("gong-agent", AGENT + "agent = 5;\n", "x.cfg:4:9: found 5, ",
            "expected text in")
    refused("gong-collector", COLLECTOR + 'interval = "soon";\n',
            "x.cfg:6:12: ", "expected a duration")


def all_errors_are_reported_not_only_the_first():
    refused("gong-agent", AGENT + "agent = 5;\nagnet = 1;\n",
            "x.cfg:4:9: ", "x.cfg:5:1: ")


def a_missing_file_is_named():
    result = subprocess.run(
        [BIN / "gong-agent", "--config", "/nonexistent.cfg", "--check"],
        capture_output=True, text=True, timeout=30 * SLOW)
    expect(result.returncode == EX_CONFIG, f"exit {result.returncode}")
    expect("/nonexistent.cfg: cannot be read" in result.stderr, result.stderr)
    refused("gong-agent", AGENT.replace(str(CITY), "@FOLDER@/none"),
            "@FOLDER@/none")


def a_missing_group_is_named_with_its_file():
    refused("gong-agent", AGENT.replace(
        'broker = { url = "mqtt://127.0.0.1:1"; };', ""), "x.cfg:1:1: ",
        "url", "broker")
    refused("gong-collector", COLLECTOR.replace('site = "22015";', ""),
            "x.cfg:", "site")


def traps_of_the_file_format_are_refused():
    refused("gong-agent", AGENT + "/* the rest vanishes\nagent = 5;\n",
            "x.cfg:4:1: ", "comment")
    refused("gong-agent", AGENT + "ingest = { x = 99999999999; };\n",
            "x.cfg:4:", "99999999999")
    refused("gong-agent", AGENT + "agent = \"a\nb\x01\";\n", "x.cfg:")


def a_bad_rule_is_named_inside_its_expression():
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "bad.cfg"
        rules.write_text('group = "g";\nrules = (\n'
                         '  { alert = "A"; expr = "up >"; },\n'
                         '  { alert = "B"; expr = "x @ 5 > 1"; },\n'
                         '  { alert = "C"; expr = "x > 1"; fro = "5s"; }\n'
                         ');\n')
        code, said = check("gong-agent", AGENT.replace(str(CITY), str(rules)))
        expect(code == EX_CONFIG, f"exit {code}: {said}")
        for part in ("bad.cfg:3:30: ", "bad.cfg:4:26: ", "@ modifier", "bad.cfg:5:",
                     '"fro"', '"for"'):
            expect(part in said, f"{part!r} is not in:\n{said}")


def usage_errors_are_told():
    for program in ("gong-agent", "gong-collector", "gong-sim"):
        result = subprocess.run([BIN / program, "--nonsense"],
                                capture_output=True, timeout=30 * SLOW)
        expect(result.returncode == EX_USAGE,
               f"{program}: exit {result.returncode}")


def bad_lines_are_refused_one_by_one():
    with Province() as province:
        province.broker.publish(
            "gong/v1/22015/lamp-1/data",
            "good,a=1 v=1\nbad,a=1,a=2 v=1\ngood,a=2 v=nan\n"
            "esc\x1b[31m v=\ngood,a=3 v=3")
        wait_for_sample(province, "good_v")
        wait_until(lambda: sum(m == "good_v" for m, *_ in
                               province.store.samples()) == 2, 20 * SLOW,
                   "the two good lines")
        metrics = province.agent.metrics()
        expect(metrics.get("gong_engine_lines_refused_total") == 3,
               str({k: v for k, v in metrics.items() if "refused" in k}))
        letters = list((province.folder / "agent-state")
                       .glob("dead-letter-decode*"))
        expect(letters, "there is no dead-letter file")
        text = wait_until(
            lambda: letters[0].read_text(errors="replace"), 10 * SLOW,
            "dead letters")
        for part in ("bad,a=1,a=2 v=1", "duplicate_tag", "22015", "lamp-1"):
            expect(part in text, f"{part!r} is not in:\n{text}")
        log = province.agent.process.log_path.read_bytes()
        expect(b"\x1b" not in log, "a control character reached the log")


def damaged_and_foreign_messages_hurt_nobody():
    with Province() as province:
        publish = province.broker.publish
        publish("gong/v1/22015/lamp-1/data",
                "#gong v=1 epoch=00000000000000aa seq=1 low=1 lane=live "
                "off=0 sent=0 n=1 crc=00000000\nm v=1")
        publish("gong/v1/22015/lamp-1/data", "#gong v=9 nonsense\nm v=1")
        publish("gong/v1/UPPER/lamp 1/data", "m v=1")
        publish("gong/v1/gong/demo/data", "m v=1")
        publish("gong/v1/22015/lamp-1/data", b"\x00\xff" * 500)
        publish("gong/v1/22015/lamp-1/data", "fine v=7")
        _, value = wait_for_sample(province, "fine_v")
        expect(value == 7, f"value is {value}")
        stored = {metric for metric, *_ in province.store.samples()}
        expect("m_v" not in stored, "a refused message was stored")
        expect(province.agent.process.alive(), "the agent ended")


def a_hangup_does_not_end_the_collector():
    import signal
    with Province() as province:
        collector = province.collector()
        for _ in range(20):
            collector.process.send(signal.SIGHUP)
        wait_until(lambda: "event=hangup_ignored" in
                   collector.process.log_path.read_text(), 10 * SLOW,
                   "a word about it in the log")
        expect(collector.process.alive(), "the collector ended")
        # It ends in good order, or leaving the province fails.


def a_reload_is_all_or_nothing():
    import signal
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "r.cfg"
        good = ('group = "g";\nrules = ( {{ alert = "{0}"; '
                'expr = "m_v > 1"; }} );\n')
        rules.write_text(good.format("First"))
        with Province(rules=[rules]) as province:
            publish = province.broker.publish
            publish("gong/v1/22015/d-1/data", "m v=2")
            wait_until(lambda: province.webhook.count("firing") == 1,
                       10 * SLOW, "the first alert")
            rules.write_text('group = "g";\nrules = ( { alert = "X"; '
                             'expr = "m_v >>"; } );\n')
            province.agent.process.send(signal.SIGHUP)
            log = province.agent.process.log_path
            wait_until(lambda: "r.cfg:2:" in log.read_text(), 10 * SLOW,
                       "the error in the log")
            publish("gong/v1/22015/d-2/data", "m v=2")
            wait_until(lambda: province.webhook.count("firing") == 2,
                       10 * SLOW, "the running set goes on")
            expect(province.webhook.count("resolved") == 0,
                   "a refused reload resolved something")
            rules.write_text(good.format("Second"))
            province.agent.process.send(signal.SIGHUP)
            wait_until(lambda: province.webhook.count("resolved") == 2,
                       10 * SLOW, "alerts of a removed rule resolve")
            publish("gong/v1/22015/d-1/data", "m v=3")
            wait_until(lambda: any(
                a["labels"]["alertname"] == "Second"
                for a in province.webhook.alerts), 10 * SLOW, "the new rule")
            time.sleep(0.1)


run(a_good_configuration_passes,
    an_unknown_key_names_the_nearest,
    a_wrong_type_is_named_with_its_place,
    all_errors_are_reported_not_only_the_first,
    a_missing_file_is_named,
    a_missing_group_is_named_with_its_file,
    traps_of_the_file_format_are_refused,
    a_bad_rule_is_named_inside_its_expression,
    usage_errors_are_told,
    bad_lines_are_refused_one_by_one,
    damaged_and_foreign_messages_hurt_nobody,
    a_hangup_does_not_end_the_collector,
    a_reload_is_all_or_nothing)
