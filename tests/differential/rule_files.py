"""Rule files in YAML, right and wrong: promtool's verdict and ours.

rule_files.jsonl has a file a line, [name, text]. Both accept it or both refuse
it, but for those in STRICTER: these only ours refuses (docs/RULES.md).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy"))

from local.programs import BIN  # noqa: E402
from local.servers import binary  # noqa: E402

STRICTER = {
    # More than one document: promtool passes over all but the first.
    "documents", "documents_bad", "documents_broken", "documents_empty",
    "documents_end_text", "documents_start2",
    # Merge keys.
    "merge_group", "merge_inline", "merge_labels", "merge_labels_list",
    "merge_list", "merge_override", "merge_rule",
    # Rules and groups that are null, names that are.
    "alert_null", "group_null", "rule_null", "label_null_key",
    # Expressions that fail at each evaluation.
    "expr_matrix", "expr_string", "record_matrix", "record_string",
    # Limits that are no whole decimal numbers.
    "limit_bin", "limit_exp", "limit_float", "limit_frac", "limit_hex",
    "limit_octal_o", "limit_under", "tag_limit_float",
    "interval_1ms", "nul_escape",
}


def accepts(command, path):
    done = subprocess.run([*command, path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode == 0, done.stdout.decode(errors="replace")


def main():
    promtool = [binary("usr/bin/promtool"), "check", "rules", "--lint=none"]
    ours = [BIN / "gong-rules", "check", "--no-lint"]
    wrong = 0
    names = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yml"
        for line in (HERE / "rule_files.jsonl").read_text().splitlines():
            name, text = json.loads(line)
            path.write_bytes(text.encode())
            there, said = accepts(promtool, path)
            here, we_said = accepts(ours, path)
            names.add(name)
            expected = (True, False) if name in STRICTER else (there, there)
            if (there, here) != expected:
                wrong += 1
                print(f"{name}: promtool {there}, ours {here}\n{text}\n"
                      f"{said}{we_said}")
    if not STRICTER <= names:
        wrong += 1
        print("no such file:", *sorted(STRICTER - names))
    print(f"{len(names)} files, {wrong} differences")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
