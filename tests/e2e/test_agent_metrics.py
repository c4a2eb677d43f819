"""docs/METRICS.md against what a running agent says on /metrics, both ways: a
metric without a row fails, and so does a row without a metric."""

import re
import tempfile
from pathlib import Path

from province import ROOT, SLOW, expect, run
from local.process import wait_until
from local.programs import Agent, Webhook, http
from local.servers import Mosquitto

DOC = ROOT / "docs" / "METRICS.md"
BEGIN = "# What the agent says of itself"

# One rule fires, one has no result: two lamps of one cabinet on the right.
RULES = """
group = "metrics";
rules = (
  { id = "hot"; alert = "LampHot"; expr = "lamp_temp > 70";
    labels = { severity = "critical"; };
    annotations = { summary = "nóng"; summary_en = "hot"; }; },
  { id = "torn"; alert = "LampTorn";
    expr = "lamp_temp > on(site) lamp_load";
    labels = { severity = "info"; };
    annotations = { summary = "rách"; summary_en = "torn"; }; },
  { id = "mean"; record = "lamp_temp_mean"; expr = "avg by (site) (lamp_temp)"; }
);
"""
ROUTES = """
receivers = ( { name = "hook"; channels = ("hook"); },
              { name = "deaf"; channels = ("deaf"); } );
route = { receiver = "hook"; group_wait = "100ms";
          routes = ( { receiver = "hook"; continue = true; },
                     { receiver = "deaf"; } ); };
"""
LABELS_OF_TYPES = {"histogram": {"le"}}


def read_doc(text):
    """{name: (type, labels, when)} of the agent's tables."""
    expect(BEGIN in text, f"no {BEGIN}")
    doc = {}
    for line in text[text.index(BEGIN):].splitlines():
        if not line.startswith("| `"):
            continue
        name, kind, labels, unit, meaning, when = (
            cell.strip() for cell in line.strip("|").split("|"))
        name = name.strip("`")
        expect(meaning, f"no meaning: {line}")
        expect(name not in doc, f"twice: {line}")
        expect(unit or not re.search(r"_(bytes|seconds|ratio|microseconds)",
                                     name), f"no unit: {line}")
        doc[name] = (kind, set(re.findall(r"`(\w+)`", labels)), when)
    return doc


def read_metrics(text):
    """{name: (type, labels)} of a scrape, histograms as one."""
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:4]
            kinds[name] = kind
            found.setdefault(name, (kind, set()))
        elif line and not line.startswith("#"):
            name, _, rest = line.partition("{")
            labels = set(re.findall(r'(\w+)="', rest)) if rest else set()
            name = name.split(" ")[0]
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            if name not in kinds and kinds.get(base) in LABELS_OF_TYPES:
                name = base
            expect(name in kinds, f"no # TYPE: {line}")
            labels -= LABELS_OF_TYPES.get(kinds[name], set())
            found[name] = (kinds[name], found[name][1] | labels)
    return found


def compare(doc, found):
    """What does not fit, as texts."""
    problems = []
    for name, (kind, labels) in found.items():
        if name not in doc:
            problems.append(f"{name}: not documented")
            continue
        if doc[name][0] != kind:
            problems.append(f"{name}: documented as {doc[name][0]}, is {kind}")
        if not labels <= doc[name][1]:
            problems.append(f"{name}: labels {labels - doc[name][1]} are not "
                            "documented")
    for name, (_, labels, when) in doc.items():
        if name not in found and not when:
            problems.append(f"{name}: documented, not there")
        elif name in found and not when and labels != found[name][1]:
            problems.append(f"{name}: labels {labels} are documented, "
                            f"{found[name][1]} are there")
    return problems


def scrape(folder, doc):
    """A whole agent: stores, receivers, a desk, an alert, a failing rule; what
    it says once it says all of doc, or late."""
    rules, routes = folder / "rules.cfg", folder / "routes.cfg"
    rules.write_text(RULES, encoding="utf-8")
    routes.write_text(ROUTES, encoding="utf-8")
    hook, broker = Webhook(), Mosquitto(folder).start()
    agent = Agent(folder, broker.url, [rules], webhook=hook,
                  stores=['{ type = "victoriametrics"; '
                          'url = "http://127.0.0.1:9"; }'],
                  extra=f"""
model = ( "{ROOT}/rules/city/daklak.cfg" );
desk = {{ routes = "routes.cfg"; proof = "1s"; }};
notify = ( {{ type = "log"; }} );
channels = ( {{ name = "hook"; type = "webhook"; url = "{hook.url}"; }},
             {{ name = "deaf"; type = "webhook";
                url = "http://127.0.0.1:9/"; }} );
""")
    try:
        agent.start()
        for lamp in (1, 2):
            broker.publish(f"gong/v1/22015/lamp-{lamp}/data",
                           "lamp temp=90,load=1\n")

        def text():
            agent.process.check()
            return http("GET", f"{agent.url}/metrics", timeout=5)[1]

        # Some come only with what has happened: a page told, a proof back.
        try:
            wait_until(lambda: hook.count("firing") and not compare(
                doc, read_metrics(text())), 30 * SLOW, "every metric")
        except Exception:  # pylint: disable=broad-except
            print(agent.process.tail())
        return text()
    finally:
        agent.stop()
        broker.stop()
        hook.stop()


FOUND = {}


def every_metric_has_a_row_and_every_row_a_metric():
    doc = read_doc(DOC.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="gong-e2e-") as folder:
        FOUND.update(read_metrics(scrape(Path(folder), doc)))
    problems = compare(doc, FOUND)
    expect(not problems, "\n".join(problems))


def each_kind_of_fault_would_be_seen():
    doc = read_doc(DOC.read_text(encoding="utf-8"))
    name = "gong_agent_store_lines_total"
    kind, labels, when = doc[name]
    for rows, wanted in (
            ({name: None}, f"{name}: not documented"),
            ({"gong_huge": ("gauge", set(), "")},
             "gong_huge: documented, not there"),
            ({name: ("gauge", labels, when)},
             f"{name}: documented as gauge, is {kind}"),
            ({name: (kind, set(), when)},
             f"{name}: labels {labels} are not documented")):
        faulty = {**doc, **rows}
        faulty = {key: row for key, row in faulty.items() if row}
        problems = compare(faulty, FOUND)
        expect(wanted in problems, f"not seen: {wanted}; but: {problems}")


if __name__ == "__main__":
    run(every_metric_has_a_row_and_every_row_a_metric,
        each_kind_of_fault_would_be_seen)
