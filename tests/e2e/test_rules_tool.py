#!/usr/bin/env python3
"""gong-rules as people run it: verdicts of `test` equal those of the real
promtool on right and on deliberately wrong files; check, import, eval, replay
and explain say and return what their pages promise."""

import difflib
import gzip
import json
import os
import subprocess
import sys
import tempfile

BIN = os.path.join(os.environ["GONG_BIN_DIR"], "gong-rules")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROMTOOL = os.path.join(ROOT, ".servers", "usr", "bin", "promtool")
FILES = os.path.join(ROOT, "tests", "rules", "promtool")

failures = []


def gong(*words, stdin=None):
    return subprocess.run([BIN, *words], input=stdin, capture_output=True, text=True, timeout=120)


def promtool(*words):
    return subprocess.run([PROMTOOL, *words], capture_output=True, text=True, timeout=120)


def check(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


# What is planted into a right file, each of which must turn the verdict.
WRONG = [
    ("summary: \"hot d1 73\"", "summary: \"hot d1 74\""),
    ("eval_time: 2m\n        alertname: Hot", "eval_time: 3m\n        alertname: Hot"),
    ("{job: a, severity: page, team: x}", "{job: b, severity: page, team: x}"),
    ("{job: a, severity: page, team: x}", "{job: a, severity: page}"),
    ("alertname: NoSuch", "alertname: NoSuch\n        exp_alerts: [{exp_labels: {a: b}}]"),
    ("value: 1e-1", "value: 0.1000001"),
    ("labels: '{}', value: 2", "labels: '{}', value: .nan"),
    ("labels: '{}', value: 2", "labels: '{} x', value: 2"),
    ("expr: 1 + 1", "expr: 1 +"),
    ("expr: 1 + 1", "expr: '\"text\"'"),
    ("expr: 1 + 1", "expr: temp[5m]"),
    ("values: '0+60x20'", "values: '0+60x'"),
    ("values: '0+60x20'", "values: '0 60'"),
    ("values: '1 0 0 1 1 stale 0 0 0'", "values: '1 0 0 1 1 0 0 0 0'"),
    ("series: 'temp{device=\"d1\"", "series: 'temp{device=\"d2\""),
    ("series: 'temp{device=\"d1\"", "series: 'temp{device=d1"),
    ("group_eval_order: [b, a]", "group_eval_order: [a, b, a]"),
    ("rule_files: [r.yml]", "rule_files: [r.yml, broken.yml]"),
    ("rule_files: [r.yml]", "rule_files: [nothing.yml]"),
    ("interval: 1m\n    name: one", "interval: 2m\n    name: one"),
    ("interval: 1m\n    name: one", "interval: 1q\n    name: one"),
    ("name: one", "nam: one"),
    ("alertname: NoSuch", "alertnam: NoSuch"),
    ("        alertname: NoSuch\n", ""),
    ("value: 3\n", "value: 3\n          - {labels: alerts_now, value: 3}\n"),
]
# These change nothing that matters.
RIGHT = [
    ("labels: '{}', value: 2", "value: 2"),
    ("group_eval_order: [b, a]\n", ""),
    ("evaluation_interval: 1m\n", ""),
    ("name: one", "external_labels: {region: x}"),
    ("rule_files: [r.yml]", "rule_files: ['r*.yml']"),
    ("values: '0+6x20'", "values: '0 6 12 18 24+6x16'"),
    ("eval_time: 1m\n        exp_samples: [{labels: '{}'", "exp_samples: [{labels: '{}'"),
]


def same_verdict(path, name):
    ours = gong("test", path)
    theirs = promtool("test", "rules", path)
    check(ours.returncode in (0, 1), f"{name}: exit {ours.returncode}: {ours.stderr}")
    check((ours.returncode == 0) == (theirs.returncode == 0),
          f"{name}: gong-rules says {ours.returncode}, promtool {theirs.returncode}\n"
          f"{ours.stdout}\n{theirs.stdout}{theirs.stderr}")
    return theirs.returncode


def test_verdicts(folder):
    for name in ("order.yml", "engine.yml", "limit.yml", "labels.yml", "alerts.yml"):
        check(same_verdict(os.path.join(FILES, name), name) == 0,
              f"{name} has to pass")
    with open(os.path.join(FILES, "good.yml"), encoding="utf-8") as file:
        good = file.read()
    for name in ("r.yml",):
        with open(os.path.join(FILES, name), encoding="utf-8") as source, \
                open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(source.read())
    with open(os.path.join(folder, "broken.yml"), "w", encoding="utf-8") as out:
        out.write("groups:\n- name: x\n  rules:\n  - alert: A\n    expr: up >\n")
    path = os.path.join(folder, "test.yml")
    verdicts = []
    for kind, planted in (("right", [("", "")] + RIGHT), ("wrong", WRONG)):
        for old, new in planted:
            check(old in good, f"nothing to plant at: {old}")
            with open(path, "w", encoding="utf-8") as out:
                out.write(good.replace(old, new, 1))
            verdicts.append(same_verdict(path, f"{kind}: {old!r} -> {new!r}"))
            check((verdicts[-1] == 0) == (kind == "right"),
                  f"promtool does not call it {kind}: {old!r} -> {new!r}")
    print(f"verdicts compared: {len(verdicts)}, {verdicts.count(0)} right")
    for name in sorted(os.listdir(FILES)):
        if name.startswith("engine"):
            result = gong("test", os.path.join(FILES, name))
            check(result.returncode == 0 and "NOTE" not in result.stdout,
                  f"{name}: the engine was not asked: {result.stdout}")
            same_verdict(os.path.join(FILES, name), name)


# What is planted into one of these files or its rules, and the fault that it
# makes of a rule; none: it has results.
SAME = "the same label"
FAULTS = [
    ("limit", "limit: 2", "limit: 1", "limit of"),
    ("limit", "limit: 2", "limit: 3", None),
    ("limit", "limit: 2", "limit: 0", None),
    ("limit", "limit: 2", "limit: -1", None),
    ("limit", "keep_firing_for: 2m", "keep_firing_for: 4m", "limit of"),
    ("limit", "0 0 0 0 0 6 6", "0 0 0 0 6 6 6", "limit of"),
    ("limit", "0 0 0 0 0 6 6", "6 6 6 6 6 6 6", "limit of"),
    ("labels", "0 0 6 6", "0 6 6 6", SAME),
    ("labels", "0 0 6 6", "0 0 0 6", None),
    ("labels", "zone: all}\n", "zone: ''}\n", None),
    ("labels", "{zone: all}", "{'site': x, zone: ''}", None),
    ("alerts", "where: \"{{ $labels.zone }}\"\n", "where: \"\"\n", None),
    ("alerts", "where: \"{{ $labels.zone }}\"\n", "where: \"{{ $labels.zone\"\n", None),
    ("alerts", "where: \"{{ $labels.zone }}\"\n", "zone: \"{{ $value }}\"\n", None),
    ("alerts", "0 6 6 6 6 8", "0 6 6 6 6 7", None),
]


def test_faults(folder):
    for kind, old, new, fault in FAULTS:
        found = False
        for name in (f"{kind}.yml", f"rules_{kind}.yml"):
            with open(os.path.join(FILES, name), encoding="utf-8") as file:
                text = file.read()
            found |= old in text
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text.replace(old, new, 1))
        what = f"{kind}: {old!r} -> {new!r}"
        check(found, f"nothing to plant: {what}")
        path = os.path.join(folder, f"{kind}.yml")
        same_verdict(path, what)
        for who, result in (("promtool", promtool("test", "rules", path)),
                            ("gong-rules", gong("test", path))):
            text = result.stdout + result.stderr
            check((fault is not None) == (", err: " in text) and (fault or "") in text,
                  f"{who}, {what}: {text}")
    result = gong("import", os.path.join(FILES, "rules_limit.yml"))
    check(result.returncode == 1 and "found a limit" in result.stderr,
          f"import names no limit: {result.stderr}")


def test_cases():
    cases = os.path.join(ROOT, "tests", "rules", "city.cases")
    city = os.path.join(ROOT, "rules", "city")
    model = os.path.join(city, "daklak.cfg")
    result = gong("test", "--rules", city, "--model", model, cases)
    check(result.returncode == 0 and "NOTE" not in result.stdout,
          f"city.cases fails: {result.stdout}")
    result = gong("test", cases)
    check(result.returncode == 1 and "--rules" in result.stdout, "cases without rules pass")
    with tempfile.NamedTemporaryFile("w", suffix=".cases") as out:
        out.write("lamp-overheating fires 0 1 1 streetlight temp=1\n")
        out.flush()
        result = gong("test", "--rules", city, out.name)
        check(result.returncode == 1, "a wrong case passes")


def test_check_and_import(folder):
    city = os.path.join(ROOT, "rules", "city")
    result = gong("check", "--cost", city)
    check(result.returncode == 0 and " rules, " in result.stdout, f"check: {result.stderr}")
    check(gong("check", "--lint-fatal", city).returncode == 1, "--lint-fatal without effect")
    bad = os.path.join(folder, "bad.cfg")
    with open(bad, "w", encoding="utf-8") as out:
        out.write('group = "g";\nrules = (\n  { alert = "A"; expr = "a >> 1"; },\n'
                  '  { alert = "B"; fro = "1s"; expr = "a > 1"; }\n);\n')
    result = gong("check", bad)
    check(result.returncode == 1 and f"{bad}:3:" in result.stderr and f"{bad}:4:" in result.stderr,
          f"not all errors: {result.stderr}")
    result = gong("check", os.path.join(folder, "broken.yml"))
    check(result.returncode == 1 and "broken.yml:5:" in result.stderr, result.stderr)

    plain = os.path.join(folder, "plain.yml")
    with open(plain, "w", encoding="utf-8") as out:
        out.write("groups:\n- name: g\n  interval: 15s\n  rules:\n"
                  "  - alert: A\n    expr: |\n      a\n        > 1\n    for: 1m\n"
                  "    labels: {severity: page}\n"
                  "    annotations: {summary: \"say \\\"{{ $value }}\\\"\\tü\"}\n"
                  "  - alert: A\n    expr: a > 2\n    labels: {severity: page}\n")
    result = gong("import", plain)
    check(result.returncode == 0, f"import: {result.stderr}")
    converted = os.path.join(folder, "plain.cfg")
    with open(converted, "w", encoding="utf-8") as out:
        out.write(result.stdout)
    for path in (plain, converted):
        result = gong("check", "--no-lint", path)
        check(result.returncode == 0 and result.stdout.startswith("2 rules"),
              f"{path}: {result.stderr}")
    groups = os.path.join(FILES, "r.yml")
    result = gong("import", groups)
    check(result.returncode == 1 and "another interval" in result.stderr, result.stderr)
    result = gong("import", "--group", "b", groups)
    check(result.returncode == 0 and "record = \"job:cnt:rate5m\"" in result.stdout,
          f"a recording: {result.stderr}{result.stdout}")
    with open(converted, "w", encoding="utf-8") as out:
        out.write(result.stdout)
    result = gong("check", "--no-lint", converted)
    check(result.returncode == 0 and result.stdout.startswith("2 rules"), result.stderr)


def test_agent_check(folder):
    """gong-agent --check counts the rules, one as one."""
    agent = os.path.join(os.path.dirname(BIN), "gong-agent")
    config = os.path.join(folder, "agent.cfg")
    rules = os.path.join(folder, "agent_rules.cfg")
    with open(config, "w", encoding="utf-8") as out:
        out.write(f'broker = {{ url = "mqtt://127.0.0.1:1"; }};\nrules = ( "{rules}" );\n')
    for count, said in ((1, "1 rule\n"), (2, "2 rules\n")):
        with open(rules, "w", encoding="utf-8") as out:
            out.write('group = "g";\nrules = (' + ", ".join(
                f'{{ alert = "A{i}"; expr = "a > 1"; }}' for i in range(count)) + ");\n")
        result = subprocess.run([agent, "--config", config, "--check"], capture_output=True, text=True, timeout=120)
        check(result.returncode == 0 and result.stdout.endswith(f": {said}"),
              f"gong-agent --check: {result.stdout}{result.stderr}")


def test_eval(folder):
    data = os.path.join(folder, "d.prom")
    with open(data, "w", encoding="utf-8") as out:
        out.write('m{a="x"} 1 1000\nm{a="x"} NaN 2000\nm{a="y"} +Inf 1000\nm{a="y"} stale 2000\n')
    check(gong("eval", "--expr", "m", "--data", data, "--at", "1").stdout ==
          'm{a="x"} => 1 @[1]\nm{a="y"} => +Inf @[1]\n', "instant")
    check(gong("eval", "--expr", "m", "--data", data, "--from", "1", "--to", "2", "--step", "1s").stdout
          == 'm{a="x"} =>\n1 @[1]\nNaN @[2]\nm{a="y"} =>\n+Inf @[1]\n', "range")
    check(gong("eval", "--expr", "m +", "--data", data, "--at", "1").returncode == 1, "bad expression")
    check(gong("eval", "--expr", "m", "--data", data + "x", "--at", "1").returncode == 66, "no file")
    check(gong("eval", "--expr", "m", "--data", data).returncode == 64, "no instant")
    lines = "m,a=x f=1,value=2 1000000000\n"
    check(gong("eval", "--expr", "{a=\"x\"}", "--data", "-", "--at", "1", stdin=lines).stdout ==
          'm{a="x"} => 2 @[1]\nm_f{a="x"} => 1 @[1]\n', "line protocol")
    cases = [{"expr": "m", "at": 1, "data": data}, {"expr": "sum(m)", "from": 1, "to": 3, "step": 1},
             {"expr": "m", "at": 0, "series": [{"metric": {"__name__": "m"}, "values": [[0, "1e-9"]]}]},
             {"expr": "m m", "at": 0}, {"expr": "m"}]
    result = gong("eval", "--cases", "-", stdin="".join(json.dumps(c) + "\n" for c in cases))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    check([a["status"] for a in answers] == ["success"] * 3 + ["error"] * 2, f"cases: {answers}")
    check(answers[1]["data"]["result"][0]["values"] == [[1, "+Inf"], [2, "NaN"], [3, "NaN"]],
          f"cases: {answers[1]}")
    check(answers[2]["data"]["result"][0]["value"] == [0, "1e-09"], f"cases: {answers[2]}")


def test_model(folder, data):
    """One rule with a threshold of each device's own; a wrong model is named."""
    rules = os.path.join(folder, "own.cfg")
    model = os.path.join(folder, "city.cfg")
    with open(rules, "w", encoding="utf-8") as out:
        out.write('group = "g";\nrules = ( { alert = "High"; '
                  'expr = "m_t >= on (site, device) group_left () param_top"; } );\n')
    with open(model, "w", encoding="utf-8") as out:
        out.write('model = "m";\nunits = ( { code = "s1"; name = "S"; kind = "ward"; } );\n'
                  'devices = ( { unit = "s1"; name = "d"; params = { top = 71; }; } );\n')
    result = gong("replay", "--rules", rules, "--model", model, "--data", data, "--format", "json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    check(len(events) > 1 and events[0]["labels"].get("unit") == "s1"
          and events[0]["labels"].get("kind") == "ward", f"model: {events} {result.stderr}")
    result = gong("explain", "--rules", rules, "--rule", "High", "--model", model, "--at", "1031", "--data", data)
    check("The expression holds." in result.stdout and "param_top" in result.stdout, f"explain: {result.stdout}")
    result = gong("replay", "--rules", rules, "--data", data, "--format", "json")
    check(len(result.stdout.splitlines()) == 1, f"no model: {result.stdout}")
    check(gong("check", "--no-lint", "--model", model, rules).returncode == 0, "check --model")
    with open(model, "a", encoding="utf-8") as out:
        out.write('contacts = 5;\n')
    result = gong("check", "--model", model, rules)
    check(result.returncode == 1 and "city.cfg:4:12: found no list" in result.stderr, f"wrong model: {result.stderr}")


def test_replay_and_explain(folder):
    rules = os.path.join(folder, "hot.cfg")
    data = os.path.join(folder, "hot.lp")
    with open(rules, "w", encoding="utf-8") as out:
        out.write('group = "g";\nrules = ( { alert = "Hot"; expr = "m_t > 70"; for = "10s"; } );\n')
    with open(data, "w", encoding="utf-8") as out:
        for second in range(40):
            value = 71 if second // 15 % 2 == 1 or second > 30 else 20
            out.write(f"m,site=s{second % 2},device=d t={value if second % 2 else 1} {1000 + second}000000000\n")
    result = gong("replay", "--rules", rules, "--data", data, "--format", "json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    check([(e["state"], e["at_ms"]) for e in events[:-1]] ==
          [("pending", 1015000), ("firing", 1025000), ("pending", 1031000)][:len(events) - 1]
          or events[1]["state"] == "firing", f"replay: {events}")
    check(events[-1]["event"] == "summary" and events[-1]["rules"][0]["fired"] == 1
          and events[-1]["rules"][0]["sites"] == {"s1": 1}, f"summary: {events[-1]}")
    test_model(folder, data)
    with open(data, encoding="utf-8") as file:
        lines = file.readlines()
    shuffled = "".join(lines[1:2] + lines[0:1] + lines[2:])
    result = gong("replay", "--rules", rules, "--data", "-", stdin=shuffled)
    check(result.returncode == 65 and "--tolerance" in result.stderr, f"late: {result.stderr}")
    result = gong("replay", "--rules", rules, "--data", "-", "--tolerance", "1s", "--format", "csv",
                  stdin=shuffled)
    check(result.returncode == 0 and result.stdout.startswith("time,at_ms,"), f"csv: {result.stderr}")
    result = gong("explain", "--rules", rules, "--rule", "Hot", "--labels", '{site="s1"}', "--at", "1020",
                  "--data", data)
    check(result.returncode == 0 and "pending since" in result.stdout
          and "The expression holds." in result.stdout, f"explain: {result.stdout}")
    result = gong("explain", "--rules", rules, "--rule", "Hot", "--at", "2000", "--data", data)
    check("too old" in result.stdout, f"explain: {result.stdout}")


def test_explain_golden():
    """Every kind of clause, held against texts that were read by people."""
    folder = os.path.join(ROOT, "tests", "rules", "explain")
    said = ""
    with open(os.path.join(folder, "asked.txt"), encoding="utf-8") as asked:
        for line in asked:
            rules, rule, at, *labels = line.split()
            words = ["explain", "--rules", rules, "--rule", rule, "--at", at, "--data", "samples.lp"]
            words += ["--labels", *labels] if labels else []
            result = subprocess.run([BIN, *words], cwd=folder, capture_output=True, text=True, timeout=120)
            said += "$ gong-rules " + " ".join(words) + "\n" + result.stdout + result.stderr
            said += f"exit {result.returncode}\n\n"
    with open(os.path.join(folder, "golden.txt"), encoding="utf-8") as golden:
        wanted = golden.read()
    if said != wanted:
        sys.stderr.writelines(difflib.unified_diff(wanted.splitlines(True), said.splitlines(True),
                                                   "golden.txt", "explain"))
    check(said == wanted, "explain says other words than golden.txt")


def test_check_knows_clauses(folder):
    rules = os.path.join(folder, "clauses.cfg")
    with open(rules, "w", encoding="utf-8") as out:
        out.write("""group = "g";
calendars = ( { name = "past"; during = ("2025-01-01..2025-02-01"); } );
rules = (
  { alert = "A"; expr = "a > 70"; resolve = "a < 75"; },
  { alert = "B"; expr = "a"; levels = ( { severity = "x"; above = 90; }, { severity = "y"; above = 70; } ); },
  { alert = "C"; expr = "a > 1"; active = "past"; },
  { alert = "D"; expr = "unit_up == 0"; on_missing = "fire"; },
  { alert = "E"; expr = "a > 1"; resolve = "avg_over_time(a[15s]) < 1"; }
);
""")
    result = gong("check", "--every", "10s", rules)
    words = [line.rsplit("(", 1)[1] for line in result.stderr.splitlines()]
    for line, word in ((4, "resolve"), (5, "level"), (6, "active"), (7, "on_missing"), (8, "range")):
        check(sum(f"clauses.cfg:{line}: " in said and said.endswith(f"({word})")
                  for said in result.stderr.splitlines()) == 1, f"no ({word}) at {line}: {result.stderr}")
    check(len(words) == 5 + 2 * 5, f"other findings: {words}")
    data = os.path.join(folder, "open.lp")
    with open(data, "w", encoding="utf-8") as out:
        out.writelines(f"a,device=d value=2 {1735700000 + i * 60}000000000\n" for i in range(5))
    # The calendars are the rules': gone with what they were read with, this would crash.
    result = gong("replay", "--rules", rules, "--data", data, "--format", "json")
    fired = {e["rule"]: e["fired"] for e in json.loads(result.stdout.splitlines()[-1])["rules"]}
    check(fired["g/C"] == 1, f"within its calendar: {fired}")


def test_bad_input(folder):
    """What cannot be is named, with the exit code of the page."""
    def file(name, content):
        path = os.path.join(folder, name)
        with open(path, "wb") as out:
            out.write(content)
        return path

    rules = file("bad_input.cfg", b'group = "g";\nrules = ( { alert = "A"; expr = "m_t > 1"; } );\n')
    good = b"m,device=d t=2 1000000000\n"
    lines = file("good.lp", good)
    packed = file("good.lp.gz", gzip.compress(good))
    cut = file("cut.lp.gz", gzip.compress(good * 1000)[:40])
    binary = file("binary.lp", bytes(range(256)) * 20)
    nul = file("nul.lp", b"m,device=d t=2 1000000000\0\n" + good)
    long = file("long.lp", good + b"m t=1," + b"x" * 3000000 + b"=1 1000000000\n")
    empty = file("empty.lp", b"")
    for command, cases in {
        ("replay", "--rules", rules): [
            (lines, 0), (packed, 0), (empty, 0), (cut, 65), (binary, 65), (nul, 65), (long, 65),
            (lines + "x", 66), (folder, 66)],
        ("eval", "--expr", "m_t", "--at", "1"): [
            (lines, 0), (packed, 0), (empty, 0), (cut, 65), (binary, 65), (nul, 65), (long, 65),
            (lines + "x", 66), (folder, 66)],
        ("explain", "--rules", rules, "--rule", "A", "--at", "1"): [
            (lines, 0), (packed, 0), (empty, 0), (cut, 65), (binary, 65), (nul, 65), (long, 65),
            (lines + "x", 66), (folder, 66)],
    }.items():
        for data, status in cases:
            result = gong(*command, "--data", data)
            check(result.returncode == status and (status == 0 or result.stderr),
                  f"{command[0]} {os.path.basename(data)}: exit {result.returncode}, not {status}: {result.stderr[:200]}")
    for words, status in [
            (("check", empty), 1), (("check", binary), 1), (("check", folder + "/none.yml"), 1),
            (("check", file("nul.yml", b"groups:\0")), 1), (("check", file("binary.yml", os.urandom(2000))), 1),
            (("check", file("big.yml", b"groups: # " + b"x" * 5000000)), 1),
            (("check", file("ring.yml", b"groups: &a [*a]")), 1),
            (("check", "--every", "-1", rules), 64), (("check", "--every"), 64), (("check", "--cost=1", rules), 64),
            (("check", "-x", rules), 64), (("check",), 64), ((), 64), (("nothing",), 64),
            (("import", rules), 1), (("import", binary), 1), (("import",), 64),
            (("test", binary), 1), (("test", "--rules", rules, binary), 1), (("test",), 64),
            (("replay", "--rules", rules, "--data", lines, "--format", "xml"), 64),
            (("explain", "--rules", rules, "--rule", "B", "--at", "1", "--data", lines), 64),
            (("explain", "--rules", rules, "--rule", "A", "--at", "1", "--data", "-"), 64),
            (("eval", "--expr", "m", "--data", lines, "--from", "9", "--to", "1", "--step", "1"), 64),
            (("eval", "--expr", "-" * 60000, "--data", lines, "--at", "1"), 1)]:
        result = gong(*words)
        check(result.returncode == status and result.stderr + result.stdout,
              f"{words}: exit {result.returncode}, not {status}: {result.stderr[:200]}")
        check(len(result.stderr) < 10000, f"{words}: says {len(result.stderr)} bytes")
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([BIN, "check", rules], stdout=full, stderr=subprocess.PIPE, timeout=120)
    check(result.returncode == 74, f"a full disk: exit {result.returncode}")


def test_leap(folder):
    """Two lines, of 1970 and of 2001: what time alone moves does not see every second between."""
    data = os.path.join(folder, "leap.lp")
    config = os.path.join(folder, "leap.cfg")
    with open(data, "w", encoding="utf-8") as out:
        out.write("m a=1 1000000000\nm a=2 978307200000000000\n")
    with open(config, "w", encoding="utf-8") as out:
        out.write('group = "g";\nrules = ( { alert = "Even"; expr = "hour() % 2 == 0"; },'
                  ' { record = "t"; expr = "vector(time())"; } );\n')
    result = gong("replay", "--rules", config, "--data", data, "--format", "json")
    summary = json.loads(result.stdout.splitlines()[-1])
    check(summary["left_out"] > 31 * 365 * 5700, f"leap: {summary}")
    check(summary["rules"][0]["fired"] <= 14, f"leap: {summary}")
    result = gong("replay", "--rules", config, "--data", data)
    check("instants by time alone left out" in result.stdout, f"leap: {result.stdout}")


def test_help():
    usage = gong("--help").stdout
    for line in usage.splitlines():
        if line.startswith("  ") and not line.startswith("    "):
            command = line.split()[0]
            result = gong(command, "--help")
            check(result.returncode == 0 and f"gong-rules {command}" in result.stdout, f"{command} --help")
            check(gong(command, "--nonsense").returncode == 64, f"{command} --nonsense")
            with open(os.path.join(ROOT, "docs", "man", "gong-rules.1"), encoding="utf-8") as page:
                text = page.read().replace("\\-", "-")
            for option in (w for w in result.stdout.split() if w.startswith("--")):
                option = option.rstrip(",;.:)")
                check(option in text, f"docs/man/gong-rules.1 has no {option} of {command}")


def main():
    if not os.path.exists(PROMTOOL):
        sys.exit("promtool is missing: ./gong setup")
    with tempfile.TemporaryDirectory(prefix="gong-rules-") as folder:
        test_verdicts(folder)
        test_faults(folder)
        test_cases()
        test_check_and_import(folder)
        test_agent_check(folder)
        test_eval(folder)
        test_replay_and_explain(folder)
        test_check_knows_clauses(folder)
        test_bad_input(folder)
        test_leap(folder)
    test_explain_golden()
    test_help()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
