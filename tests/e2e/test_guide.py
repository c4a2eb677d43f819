"""The README's guide, run as it stands there."""

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from province import ROOT, SLOW, Province, expect, run
from local.process import free_port, wait_until
from local.servers import UNPACKED

BIN = Path(os.environ["GONG_BIN_DIR"])
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind):
    return [text for found, text in FENCE.findall(README) if found == kind]


def group_members(group):
    """Processes of a process group that are not zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, members_group = (
                stat.read_text().rpartition(")")[2].split()[:3])
        except OSError:
            continue
        if int(members_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def run_in(folder, script):
    """(exit code, output, pids left running) of script in a shell of its own,
    nothing of which outlives this call."""
    output = Path(folder) / "output"
    environment = {
        **os.environ, "GONG": str(ROOT), "GUIDE_PORT": str(free_port()),
        "GUIDE_HOOK_PORT": str(free_port()),
        "PATH": f"{BIN}:{UNPACKED / 'usr/bin'}:{os.environ['PATH']}"}
    # A file, not a pipe: a process left behind must not hold us up.
    with open(output, "wb") as out:
        shell = subprocess.Popen(
            ["sh", "-ec", script], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, start_new_session=True, env=environment)
    try:
        code = shell.wait(40 * SLOW)
    except subprocess.TimeoutExpired:
        code = "none: it took too long"
    left = group_members(shell.pid)
    if left:
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    return code, output.read_text(encoding="utf-8", errors="replace"), left


def the_guide_ends_with_the_alert():
    steps = blocks("sh guide")
    expect(len(steps) >= 6, f"only {len(steps)} steps in the README")
    with tempfile.TemporaryDirectory(prefix="gong-guide-") as folder:
        code, text, left = run_in(folder, "".join(steps))
        logs = "".join(f"{log.name}:\n{log.read_text(errors='replace')}"
                       for log in Path(folder).glob("*.log"))
    expect(code == 0, f"exit code {code}\n{text}\n{logs}")
    expect(not left, f"the guide left running: {left}")
    want, = (block for block in blocks("text") if "firing" in block)
    expect(text.endswith(want), f"the README promises\n{want}\n{text}")
    for part in ("Bể tank-1 còn 18,5 %", "Mở bơm số 2.", "Start pump 2."):
        expect(part in text, f"{part!r} is not in\n{text}")


def what_the_guide_assumes_is_what_setup_makes():
    text = "".join(blocks("sh"))
    for part in ("./gong setup", "./gong build", "build/dev/bin",
                 ".servers/usr/bin", "GUIDE_PORT=", "GUIDE_HOOK_PORT="):
        expect(part in text, f"{part!r} is not in the guide's first block")


def the_smallest_configuration_tells():
    """Nothing about whom to tell: the desk writes it for whoever is there."""
    with Province(store=None) as province:
        agent = province.agent
        agent.stop()
        rules = province.folder / "tank.cfg"
        rules.write_text('group = "g";\nrules = ( { alert = "TankLow"; '
                         'expr = "tank_level < 20"; } );\n')
        agent.config.write_text(f"""
agent = "demo";
state = "{province.folder}/state";
rules = ( "{rules}" );
broker = {{ url = "{province.broker.url}"; }};
http = {{ listen = "127.0.0.1:{agent.http_port}"; }};
""")
        agent.start()
        for level, words in ((18, ("đang diễn ra: TankLow", "firing: TankLow")),
                             (64, ("đã kết thúc: TankLow",
                                   "resolved: TankLow"))):
            province.broker.publish("gong/v1/22015/tank-1/data",
                                    f"tank level={level}")
            wait_until(lambda: all(word in agent.process.log_path.read_text(
                           encoding="utf-8") for word in words), 20 * SLOW,
                       words[0])
        expect((province.folder / "state" / "desk.db").exists(), "desk.db")


run(the_guide_ends_with_the_alert, what_the_guide_assumes_is_what_setup_makes,
    the_smallest_configuration_tells)
