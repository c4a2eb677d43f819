"""Broker, store and agent are each away for ten seconds under load: every
sample stamped in those seconds is in the store afterwards."""

import socket
import threading
import time

from province import Province, expect, run

AWAY = 10


class Feeder:
    """Numbered samples through the collector's socket; notes what was
    accepted."""

    def __init__(self, path):
        self.path = str(path)
        self.stopping = False
        self.accepted = 0
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()

    def feed(self):
        number = 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(self.path)
            answers = sock.makefile("r")
            while not self.stopping:
                lines = "".join(
                    f"load,feeder={i} number={number + i}i "
                    f"{time.time_ns()}\n" for i in range(5))
                number += 5
                sock.sendall((lines + "\n").encode())
                answer = answers.readline()
                expect(answer.startswith("accepted=5 "), f"answer: {answer}")
                self.accepted += 5
                time.sleep(0.05)

    def stop(self):
        self.stopping = True
        self.thread.join(10)


def lines_with(process, event):
    text = process.log_path.read_text(errors="replace")
    return sum(f"event={event}" in line for line in text.splitlines())


def away(part, process, gone, back):
    """Stops part for AWAY seconds; process's log must say so, once each."""
    before = lines_with(process, gone), lines_with(process, back)
    part.stop()
    time.sleep(AWAY)
    part.start()
    time.sleep(4)
    after = lines_with(process, gone), lines_with(process, back)
    expect(after[0] - before[0] == 1, f"{gone} was logged "
           f"{after[0] - before[0]} times")
    deadline = time.monotonic() + 40
    while after[1] - before[1] < 1 and time.monotonic() < deadline:
        time.sleep(1)
        after = lines_with(process, gone), lines_with(process, back)
    expect(after[1] - before[1] == 1, f"{back} was logged "
           f"{after[1] - before[1]} times")


def nothing_is_lost_while_a_part_is_away():
    with Province("victoriametrics") as province:
        collector = province.collector()
        sim = province.sim()
        feeder = Feeder(collector.socket)
        time.sleep(2)
        agent = province.agent.process
        away(province.broker, collector.process, "mqtt_lost", "mqtt_connected")
        away(province.store, agent, "store_away", "store_back")
        away(province.agent, agent, "stopped", "ready")
        time.sleep(2)
        feeder.stop()
        sim.stop()
        collector.stop()
        judgement = province.settle([sim.manifest, collector.manifest], 60)
        print(f"{feeder.accepted} samples accepted at the socket;",
              judgement.text())
        expect(feeder.accepted > 500, "too little load")
        expect(judgement.complete, "samples are missing")


run(nothing_is_lost_while_a_part_is_away)
