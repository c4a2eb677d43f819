"""docs/METRICS.md against what the collector really emits, both ways."""

import copy
import os
import re
import shutil
import tempfile
from pathlib import Path

from province import ROOT, SLOW, expect, run
from local.manifest import parse_line
from local.process import wait_until
from local.programs import Collector
from local.servers import Mosquitto
from targets import NameServer, Web

DOC = ROOT / "docs" / "METRICS.md"
METRIC, PROGRAM = "lamp_hours_total", "from_a_program"


def read_doc(text):
    """{measurement: {(tag or field, name): (type, when)}}"""
    doc, section = {}, None
    for line in text.split("\n# What the agent", 1)[0].splitlines():
        if line.startswith("### "):
            section = doc.setdefault(line[4:].strip(), {})
        elif line.startswith("| `"):
            name, kind, _, meaning, when = (
                cell.strip() for cell in line.strip("|").split("|"))
            expect(meaning, f"no meaning: {line}")
            key = ("tag" if kind == "tag" else "field", name.strip("`"))
            expect(key not in section, f"twice: {line}")
            section[key] = (kind, when)
    return doc


def type_of(text):
    if text.startswith('"'):
        return "string"
    if text[0] in "tTfF":
        return "bool"
    return "int" if text.endswith("i") else "float"


def row_of(measurement, kind, name):
    """Where the tables speak of this: they have one row for whatever other
    programs name."""
    if measurement == METRIC:
        known = ("instance", "job", "value")
        return "(metric)", name if name in known else "(label)"
    if measurement == PROGRAM:
        return "(point)", "(tag)" if kind == "tag" else "(field)"
    return measurement, name


def read_emitted(path):
    """{(measurement, tag or field, name): type} of everything emitted."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        measurement, tags, fields, _ = parse_line(line)
        expect(tags.pop("site", None) and tags.pop("device", None),
               f"no site or device: {line}")
        items = [("tag", name, "tag") for name in tags]
        items += [("field", name, type_of(text))
                  for name, text in fields.items()]
        for kind, name, what in items:
            where, row = row_of(measurement, kind, name)
            found.setdefault((where, kind, row), set()).add(what)
    return found


# ---- what this machine has, found out without the collector ----

def readable(path):
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def file_systems():
    for line in readable(Path("/proc/self/mounts")).splitlines():
        device, mount_point, kind, *_ = line.split(" ")
        if device.startswith("/dev/") and kind != "squashfs":
            try:
                yield os.statvfs(re.sub(r"\\([0-7]{3})",
                                        lambda m: chr(int(m[1], 8)),
                                        mount_point))
            except OSError:
                pass


def has_disk():
    names = [line.split()[2] for line
             in readable(Path("/proc/diskstats")).splitlines()]
    return any((Path("/sys/block") / name).exists() for name in names
               if not name.startswith(("loop", "ram")))


def has_sensor():
    chips = [path for path in Path("/sys/class/hwmon").glob("hwmon*")
             if readable(path / "name")]
    inputs = [path for chip in chips for path in chip.glob("temp*_input")]
    inputs += [path / "temp" for path
               in Path("/sys/class/thermal").glob("thermal_zone*")
               if readable(path / "type")]
    return any(re.fullmatch(r"-?\d+", readable(path)) for path in inputs)


MEMINFO = {"available": "MemAvailable", "available_percent": "MemAvailable",
           "shared": "Shmem", "slab": "Slab", "swap_total": "SwapTotal",
           "swap_free": "SwapFree"}


def has_meminfo(name):
    return f"{MEMINFO[name]}:" in readable(Path("/proc/meminfo"))


def arranged(_):
    """This test sees to it that it is so."""
    return True


CONDITIONS = {
    "/proc/meminfo has it": has_meminfo,
    "a local file system": lambda _: any(True for _ in file_systems()),
    "a local file system with inodes":
        lambda _: any(fs.f_files > 0 for fs in file_systems()),
    "a disk": lambda _: has_disk(),
    "a temperature sensor": lambda _: has_sensor(),
    "result_code 0": arranged,
    "an answer came": arranged,
    "a whole answer came": arranged,
    "a whole answer came and there is body_match": arranged,
    "https": arranged,
    "option job": arranged,
    "the metric has labels": arranged,
    "the program writes it": arranged,
}


def compare(doc, emitted):
    """What does not fit, as texts."""
    problems = []
    for measurement, rows in doc.items():
        for (kind, name), (want, when) in rows.items():
            types = emitted.get((measurement, kind, name))
            expected = CONDITIONS[when](name) if when else True
            place = f"{measurement} {kind} {name}"
            if types is None and expected:
                problems.append(f"{place}: documented, not emitted")
            elif types is not None and not expected:
                problems.append(f"{place}: emitted, but not: {when}")
            elif types is not None and want != "any" and types != {want}:
                problems.append(f"{place}: documented as {want}, emitted as "
                                f"{', '.join(sorted(types))}")
    for measurement, kind, name in emitted:
        if (kind, name) not in doc.get(measurement, {}):
            problems.append(f"{measurement} {kind} {name}: not documented")
    return problems


def inputs(folder, web, metrics, names):
    program = folder / "program.sh"
    program.write_text("#!/bin/sh\n"
                       f"echo '{PROGRAM},room=3 open=true,n=2i'\n")
    program.chmod(0o700)
    simple = ("mem", "system", "processes", "disk", "diskio", "temp",
              "internal")
    items = [f'{{ type = "{kind}"; }}' for kind in simple]
    items += [
        '{ type = "cpu"; per_cpu = true; }',
        '{ type = "net"; loopback = true; }',
        f'{{ type = "net_response"; address = "127.0.0.1:{web.port}"; }}',
        f'{{ type = "dns_query"; server = "127.0.0.1:{names.port}"; '
        'domain = "phuyen.vn"; }',
        f'{{ type = "http_response"; url = "https://127.0.0.1:{web.port}/"; '
        f'ca_file = "{web.ca_file}"; body_match = "lamps"; }}',
        f'{{ type = "prometheus"; url = "http://127.0.0.1:{metrics.port}/"; '
        'job = "lamps"; }',
        f'{{ type = "exec"; command = ["{program}"]; }}',
    ]
    return items


def emit(folder):
    """Runs the collector until each of its inputs has spoken."""
    web = Web("all lamps well", folder)
    metrics = Web(f'# HELP x\n{METRIC}{{lamp="17"}} 1234\nup 0\n')
    names = NameServer()
    broker = Mosquitto(folder).start()
    collector = Collector(folder, broker.url,
                          inputs(folder, web, metrics, names),
                          extra='interval = "1s";')
    wanted = {"cpu", "mem", "system", "processes", "net", "net_response",
              "dns_query", "http_response", "up", "(metric)", "(point)",
              "internal_collector"}
    try:
        collector.start()

        def spoken():
            collector.process.check()
            # Whole lines only: the last may be half-written.
            text = collector.manifest.read_text(encoding="utf-8")
            part = folder / "part"
            part.write_text(text[:text.rfind("\n") + 1], encoding="utf-8")
            found = {key[0] for key in read_emitted(part)}
            return wanted <= found

        wait_until(lambda: collector.manifest.exists() and spoken(),
                   30 * SLOW, f"all of {', '.join(sorted(wanted))}", step=0.5)
        code = collector.stop()
        expect(code == 0, f"gong-collector ended with {code}:\n"
               + collector.process.tail())
        return read_emitted(collector.manifest)
    except Exception:
        print(collector.process.tail())
        raise
    finally:
        collector.stop()
        broker.stop()
        for target in (web, metrics, names):
            target.stop()


EMITTED = {}


def documented_is_emitted_and_emitted_is_documented():
    folder = Path(tempfile.mkdtemp(prefix="gong-e2e-"))
    EMITTED.update(emit(folder))
    problems = compare(read_doc(DOC.read_text(encoding="utf-8")), EMITTED)
    expect(not problems, "\n".join(problems))
    shutil.rmtree(folder)


def each_kind_of_fault_would_be_seen():
    doc = read_doc(DOC.read_text(encoding="utf-8"))
    lacking = copy.deepcopy(doc)
    del lacking["cpu"][("field", "usage_idle")]
    too_much = copy.deepcopy(doc)
    too_much["mem"][("field", "huge")] = ("int", "")
    other = copy.deepcopy(doc)
    other["system"][("field", "uptime")] = ("float", "")
    whole = copy.deepcopy(doc)
    del whole["processes"]
    for faulty, wanted in (
            (lacking, "cpu field usage_idle: not documented"),
            (too_much, "mem field huge: documented, not emitted"),
            (other, "system field uptime: documented as float, emitted as "
             "int"),
            (whole, "processes field total: not documented")):
        problems = compare(faulty, EMITTED)
        expect(wanted in problems, f"not seen: {wanted}; but: {problems}")


if __name__ == "__main__":
    run(documented_is_emitted_and_emitted_is_documented,
        each_kind_of_fault_would_be_seen)
