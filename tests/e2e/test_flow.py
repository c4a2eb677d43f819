"""From devices to the store and to people, with real parts; nothing lost."""

import sys
import time

from province import CITY, SLOW, Province, expect, run

STORE = sys.argv[1]
MODEL = f'model = ( "{CITY}/daklak.cfg" );'


def every_sample_arrives_and_alerts_are_told():
    with Province(STORE, extra=MODEL) as province:
        collector = province.collector(
            ['{ type = "internal"; interval = "1s"; }',
             '{ type = "cpu"; interval = "1s"; }',
             '{ type = "mem"; interval = "1s"; }',
             '{ type = "disk"; interval = "1s"; }'])
        sim = province.sim(extra=["--interval", "250ms"])
        time.sleep(22 * SLOW ** 0.5)
        sim.stop()
        collector.stop()
        judgement = province.settle([sim.manifest, collector.manifest],
                                    transitions=4)
        print(judgement.text())
        expect(judgement.complete, "the store lacks samples")
        expect(judgement.emitted > 2000, "too little was emitted to judge")
        told = province.webhook
        expect(told.count("firing") > 0, "no alert fired")
        expect(told.count("resolved") > 0, "no alert resolved")
        expect(judgement.transitions >= told.count("firing")
               + told.count("resolved"), "transitions are missing")
        expect(len(set(told.keys)) == len(told.keys), "an alert came twice")
        summaries = " ".join(alert["annotations"]["summary"]
                             for alert in told.alerts)
        expect("Củng Sơn" in summaries, "the river's alert has no text")
        expect("[[" not in summaries, f"raw sections: {summaries}")


run(every_sample_arrives_and_alerts_are_told)
