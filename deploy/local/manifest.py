"""What was emitted against what the store holds, judged from outside.

A manifest is line protocol, one point a line, with site and device as tags and
a nanosecond stamp: gong-sim and gong-collector write each point they emitted.
The reader here knows only what those two write.
"""

from dataclasses import dataclass, field

from .history import label_name, metric_name


def split_unescaped(text, separator):
    """Splits at separator, except behind a backslash or inside quotes."""
    parts, part, quoted, i = [], [], False, 0
    while i < len(text):
        char = text[i]
        if char == "\\" and i + 1 < len(text):
            part.append(text[i:i + 2])
            i += 2
            continue
        if char == '"':
            quoted = not quoted
        if char == separator and not quoted:
            parts.append("".join(part))
            part = []
        else:
            part.append(char)
        i += 1
    parts.append("".join(part))
    return parts


def unescape(text):
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text) and text[i + 1] in ",= ":
            i += 1
        out.append(text[i])
        i += 1
    return "".join(out)


def number(text):
    """A field's number; None for a string."""
    if text.startswith('"'):
        return None
    if text[0] in "tTfF":
        return 1.0 if text[0] in "tT" else 0.0
    return float(text.rstrip("iu"))


def parse_line(line):
    """(measurement, tags, {field: text}, stamp in ns) of one manifest line."""
    key, fields, stamp = split_unescaped(line, " ")
    measurement, *tags = split_unescaped(key, ",")
    pairs = dict(split_unescaped(tag, "=") for tag in tags)
    values = {}
    for item in split_unescaped(fields, ","):
        name, value = split_unescaped(item, "=")
        values[unescape(name)] = value
    return (unescape(measurement),
            {unescape(k): unescape(v) for k, v in pairs.items()},
            values, int(stamp))


def key_of(metric, labels, stamp_ms):
    return metric, tuple(sorted(labels.items())), stamp_ms


# What only the engine tells of: samples that come by these names go to stores.
ENGINE_NAMES = ("up", "unit_up", "device_dark")


def plain_names(measurement, field, tags):
    return f"{measurement}_{field}", tags


def prometheus_names(measurement, field, tags):
    """As the agent names series, in its rules and in its history."""
    return metric_name(measurement, field), {label_name(key): value
                                             for key, value in tags.items()}


def read_manifest(path, names=plain_names):
    """{key: number} of every numeric sample in the manifest."""
    samples = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                continue
            measurement, tags, fields, stamp = parse_line(line.rstrip("\n"))
            for name, text in fields.items():
                value = number(text)
                if value is not None:
                    samples[key_of(*names(measurement, name, tags),
                                   stamp // 1_000_000)] = value
    return samples


def close(a, b, exact):
    # VictoriaMetrics keeps decimal mantissas: the last bits may differ.
    return a == b or (not exact and abs(a - b) <= 1e-9 * max(abs(a), abs(b)))


@dataclass
class Judgement:
    emitted: int = 0
    stored: int = 0
    missing: list = field(default_factory=list)
    different: list = field(default_factory=list)
    transitions: int = 0

    @property
    def complete(self):
        return self.emitted > 0 and not self.missing and not self.different

    def text(self):
        lines = [f"samples emitted {self.emitted}, found in the store "
                 f"{self.stored}, missing {len(self.missing)}, different "
                 f"{len(self.different)}; samples of alerts stored "
                 f"{self.transitions}"]
        lines += [f"  missing: {key}" for key in self.missing[:5]]
        lines += [f"  different: {key}: emitted {want}, stored {got}"
                  for key, want, got in self.different[:5]]
        return "\n".join(lines)


def judge(manifests, store):
    """Compares every emitted sample with the store's own rows."""
    # The history tells of alerts as Prometheus does, stores by our points.
    own = store.kind == "history"
    wanted = {}
    for path in manifests:
        wanted.update(read_manifest(
            path, prometheus_names if own else plain_names))
    if own:
        wanted = {key: value for key, value in wanted.items()
                  if key[0] not in ENGINE_NAMES}
    stored, transitions = {}, 0
    for metric, labels, stamp, value in store.samples():
        if metric == ("ALERTS" if own else "gong_alert_value"):
            transitions += 1
        stored[key_of(metric, labels, stamp)] = value
    result = Judgement(emitted=len(wanted), transitions=transitions)
    exact = store.kind != "victoriametrics"
    for key, value in wanted.items():
        if key not in stored:
            result.missing.append(key)
        elif not close(value, stored[key], exact):
            result.different.append((key, value, stored[key]))
        else:
            result.stored += 1
    return result
