#!/usr/bin/env python3
"""gong-rules as people run it: verdicts of `test` equal those of the real
promtool on right and on deliberately wrong files; check, import, eval, replay
and explain say and return what their pages promise."""

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


def test_cases():
    cases = os.path.join(ROOT, "tests", "rules", "city.cases")
    city = os.path.join(ROOT, "rules", "city")
    # The short forms {A..B}, {A|B} and & are known to unit.city_rules alone.
    with tempfile.NamedTemporaryFile("w", suffix=".cases") as plain, \
            open(cases, encoding="utf-8") as every:
        plain.writelines(line for line in every
                         if "{" not in line and " & " not in line)
        plain.flush()
        result = gong("test", "--rules", city, plain.name)
        check(result.returncode == 0, f"city.cases fails: {result.stdout}")
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
    result = gong("import", os.path.join(FILES, "r.yml"))
    check(result.returncode == 1 and "found the recording" in result.stderr, result.stderr)


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
        test_cases()
        test_check_and_import(folder)
        test_eval(folder)
        test_replay_and_explain(folder)
        test_leap(folder)
        test_help()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
