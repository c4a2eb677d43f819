"""What answers like Prometheus' query API: gong-rules, or a stand-in."""

import json
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))

from local.process import Failure, die_with_parent  # noqa: E402


class GongRules:
    """`gong-rules eval --cases FILE`: a case a line in, an answer a line out."""

    def __init__(self, binary):
        self.binary = Path(binary)
        if not self.binary.exists():
            raise Failure(f"{binary} is missing: build it first")

    def begin(self, lines, folder):
        """Starts on the cases; the answers are fetched with end()."""
        folder = Path(folder)
        path = folder / "cases.jsonl"
        path.write_text("".join(json.dumps(line) + "\n"
                                for line in in_seconds(lines)))
        out, err = folder / "answers.jsonl", folder / "answers.err"
        with open(out, "wb") as answers, open(err, "wb") as errors:
            child = subprocess.Popen(
                [self.binary, "eval", "--cases", path], stdout=answers,
                stderr=errors, stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent)
        return child, out, err, len(lines)

    @staticmethod
    def end(begun, seconds=600):
        child, out, err, count = begun
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        answers = []
        for line in out.read_bytes().splitlines():
            try:
                answers.append(json.loads(line))
            except ValueError:
                answers.append(broken(f"no JSON: {line[:200]!r}"))
        if child.returncode != 0 or len(answers) != count:
            said = err.read_text(errors="replace")[-2000:]
            print(f"gong-rules ended with {child.returncode} after "
                  f"{len(answers)} of {count} cases: {said}", flush=True)
        reason = f"gong-rules ended with {child.returncode}"
        return answers + [broken(reason)] * (count - len(answers))


def in_seconds(lines):
    """Times in seconds; a line without data has that of the line before."""
    before = None
    for line in lines:
        line = {key: value / 1000 if isinstance(value, int) else value
                for key, value in line.items()}
        if line["data"] == before:
            del line["data"]
        else:
            before = line["data"]
        yield line


def broken(text):
    return {"status": "error", "errorType": "broken", "error": text}


class Liar:
    """Repeats the reference, but for one small lie in some answers.

    Shows that the comparison sees each kind of difference and no other.
    """

    def __init__(self, every):
        self.every = every
        self.lies = set()
        self.count = 0

    def answer(self, case, truth):
        answer = json.loads(truth)
        rng = random.Random(f"lie:{case.name()}")
        if rng.randrange(self.every):
            return answer
        kind = rng.choice(("value", "presence", "label", "error", "series"))
        if tell(answer, kind, rng):
            self.lies.add(case.name())
        return answer


def tell(answer, kind, rng):
    """Changes the answer in one place; False where there is none."""
    if answer["status"] == "error":
        answer["errorType"] = "execution"
        answer["error"] = "no reason"
        return True
    if kind == "error":
        answer.clear()
        answer.update(broken("no reason"))
        return True
    result = answer["data"]["result"]
    if answer["data"]["resultType"] not in ("matrix", "vector") or not result:
        return False
    one = rng.choice(result)
    if kind == "series":
        result.remove(one)
    elif kind == "label":
        one["metric"]["extra"] = "x"
    elif "values" not in one:
        one["value"] = [one["value"][0], "0.123456789"]
    elif kind == "presence":
        one["values"].pop(rng.randrange(len(one["values"])))
    else:
        return lie_about_value(rng.choice(one["values"]))
    return True


def lie_about_value(point):
    value = float(point[1])
    if value != value or not 1e-300 < abs(value) < 1e300:
        point[1] = "12"
    else:
        point[1] = repr(value * (1 + 4e-12))
    return True
