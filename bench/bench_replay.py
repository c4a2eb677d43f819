"""What `gong-rules replay` costs, and beside it the least that any reader of
the same file must do.

    bench_replay.py [--runs 7] [--build build/release]

1.02 million points of five fields (bench_points) with twenty rules, at an
interval of 10 s and of 0 s: processor time, of the kernel too, the best of all
runs, and the largest memory.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(words):
    """(processor seconds, MB resident at most)"""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"{words[0]} ended with {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--build", type=Path,
                        default=HERE.parent / "build" / "release")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gong-bench-") as folder:
        data = Path(folder) / "points.lp"
        with open(data, "wb") as out:
            subprocess.run([args.build / "bench" / "bench_points"], stdout=out,
                           check=True)
        cases = {"read, newlines": [args.build / "bench" / "bench_read", data]}
        for interval in ("10s", "0s"):
            cases[f"replay, {interval}"] = [
                args.build / "bin" / "gong-rules", "replay", "--rules",
                HERE / f"rules.{interval}.cfg", "--data", data, "--format",
                "json"]
        # In turn, so that what else the machine does meets all of them.
        rounds = [{name: run(words) for name, words in cases.items()}
                  for _ in range(args.runs)]
    best = {name: min(one[name][0] for one in rounds) for name in cases}
    bare = best["read, newlines"]
    for name in cases:
        memory = max(one[name][1] for one in rounds)
        print(f"{name:16} {best[name]:6.3f} CPU-s {memory:6.1f} MB "
              f"{best[name] / bare:6.1f} times a bare reading")


if __name__ == "__main__":
    main()
