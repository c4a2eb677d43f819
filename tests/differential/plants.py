"""Ten faults of one line, one at a time, each of which must be found.

plants.json names the file, the text that stands there once and what is put in
its place. A copy of the sources is built with each; the reference is asked
once. A plant whose text is not there is a failure, not a success.
"""

import json
import shutil
import subprocess
from pathlib import Path

import chunks
from cases import CASES_PER_SET, Case
from compare import Difference, compare
from local.process import Failure
from ours import GongRules

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CASES = 2000
LEFT_OUT = ("build",)  # and what begins with a dot


class Copy:
    """The sources in a folder of their own, configured once."""

    def __init__(self, plants):
        self.root = ROOT / "build" / "plants"
        source = self.root / "source"
        self.build = self.root / "build"
        if source.exists():
            shutil.rmtree(source)
        source.mkdir(parents=True)
        for path in sorted(ROOT.iterdir()):
            if path.name.startswith(".") or path.name in LEFT_OUT:
                continue
            if path.is_dir():
                shutil.copytree(path, source / path.name, symlinks=True)
            else:
                shutil.copy2(path, source / path.name)
        self.source = source
        for plant in plants:  # objects of the run before may hold a plant
            (source / plant["file"]).touch()
        self.do("cmake", "-S", source, "-B", self.build, "-G", "Ninja",
                "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DGONG_WERROR=OFF")

    def do(self, *command):
        done = subprocess.run([str(word) for word in command],
                              capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{' '.join(map(str, command))} failed:\n"
                          f"{(done.stdout + done.stderr)[-3000:]}")

    def make(self):
        self.do("cmake", "--build", self.build, "--target", "gong-rules")
        return self.build / "bin" / "gong-rules"

    def planted(self, plant):
        """The program with this fault; the text is put back."""
        path = self.source / plant["file"]
        text = path.read_text(encoding="utf-8")
        if text.count(plant["old"]) != 1:
            raise Failure(f"{plant['name']}: the text is {text.count(plant['old'])} "
                          f"times in {plant['file']}")
        path.write_text(text.replace(plant["old"], plant["new"]),
                        encoding="utf-8")
        try:
            made = self.make()
            kept = self.root / f"gong-rules-{plant['name']}"
            shutil.copy2(made, kept)
            return kept
        finally:
            path.write_text(text, encoding="utf-8")


class Truth:
    """2,000 cases with what the reference says, asked once."""

    def __init__(self, args, folder, servers):
        job = chunks.Job(args.seed, range(CASES), None)
        job.ports = servers.ports()
        self.bench = chunks.Bench(job, folder)
        self.cases = [Case(args.seed, number,
                           self.bench.sets[number // CASES_PER_SET])
                      for number in job.numbers]
        self.answers = [json.loads(text) for text in
                        self.bench.ask_reference([(case, case.query())
                                                  for case in self.cases])]
        self.count = 0

    def first_difference(self, binary):
        """The first case that differs for sure, None if there is none."""
        self.count += 1
        ours = GongRules(binary)
        self.bench.ours = ours
        folder = self.bench.folder / f"plant-{self.count}"
        folder.mkdir()
        lines = [self.bench.line(case, case.query()) for case in self.cases]
        for case, expected, got in zip(self.cases, self.answers,
                                       ours.end(ours.begin(lines, folder))):
            try:
                compare(expected, got, case.focus.startswith("sort"))
            except Difference as difference:
                if not chunks.excused(self.bench, case, expected, got,
                                      chunks.Found()):
                    return case, difference
        return None


def run(args, folder, servers_of):
    plants = json.loads((HERE / "plants.json").read_text())
    servers = servers_of(folder).start()
    missed = 0
    try:
        truth = Truth(args, folder, servers)
        copy = Copy(plants)
        clean = truth.first_difference(copy.make())
        if clean:
            print(f"without a plant {clean[0].name()} differs: {clean[1]}")
            return 1
        for plant in plants:
            try:
                found = truth.first_difference(copy.planted(plant))
            except Failure as failure:
                print(f"{plant['name']}: NOT PLANTED: {failure}", flush=True)
                missed += 1
                continue
            missed += found is None
            told = (f"found by case {found[0].name()}: {found[0].expr}"
                    if found else f"NOT FOUND in {CASES} cases")
            print(f"{plant['name']}: {told}", flush=True)
    finally:
        servers.stop()
    print(f"{len(plants)} plants, {missed} not found")
    return 1 if missed or len(plants) < 10 else 0
