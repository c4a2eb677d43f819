"""One run: parts are killed, stopped and cut off under load, then everything
is judged. Writes FOLDER/result.json; run.py starts it.

    session.py FOLDER SEED STORE short|long KIND,KIND...
"""

import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from ledger import is_at_rest
from plan import LONG, OTHERS, SHORT, make_plan
from resent import Resent
from town import SITE, Town
from verdict import Verdict, final_levels

from local.process import Failure, reserve_ports, wait_until

CALM_S = 5  # the last levels stand long enough for every rule
STUCK_S = 60  # without a sample more in the store: nothing comes any more
LEAST_FAULTS, LEAST_TRANSITIONS, LEAST_STRADDLING = 5, 200, 20


def let_faults_happen(town, plan):
    """Each fault in a thread of its own, so that they may overlap. Returns how
    many accepted samples were unsettled as each began."""
    counts, failures = [], []

    def happen(fault):
        try:
            count = town.hit(fault)
            if count is not None:
                counts.append(count)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(f"{fault}: {error!r}")

    began = time.monotonic()
    threads = []
    for fault in plan:
        time.sleep(max(0, began + fault.at - time.monotonic()))
        thread = threading.Thread(target=happen, args=(fault,), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(300)
        if thread.is_alive():
            failures.append("a fault does not end")
    if failures:
        raise Failure("; ".join(failures))
    return counts


def wait_for_all(town):
    """Until the store has every accepted sample, or nothing comes any more."""
    before, still, moved = None, 0, time.monotonic()
    while time.monotonic() - moved < STUCK_S:
        town.check()
        verdict = Verdict(town)
        found = verdict.read_store()
        state = len(found), len(verdict.missing(found))
        still = still + 1 if state == before else 0
        if state != before:
            moved = time.monotonic()
        before = state
        if state[1] == 0 and (still >= 2 or not verdict.dropped(found)):
            return
        time.sleep(2)


def wait_for_ledger(town):
    """Until it gives a reason for all that is lost; the verdict says what it
    does not."""
    try:
        wait_until(lambda: is_at_rest(town.ledger(), town.damages), 30,
                   "the ledger", step=0.5)
    except Failure:
        pass
    return town.ledger()


def wait_for_people(town):
    """Until they were told all, or nothing more."""
    verdict = Verdict(town)
    try:
        wait_until(verdict.all_told, 60, "the last alerts")
    except Failure:
        return  # the verdict says which
    count = -1
    while count != len(town.webhook.keys):
        count = len(town.webhook.keys)
        time.sleep(1)


def blind_to(town, found, devices, firm):
    """Plants a lie of every kind in the books of a good run; those that the
    judges do not see."""
    verdict = Verdict(town)
    verdict.accepted["box-0", "load,s=0", 0] = 0
    resent = Resent(town.links["store-link"].requests, [], []).again()
    sample = next(sample for sample in found if sample in verdict.accepted
                  and sample not in resent)
    found[sample].append(found[sample][0] + 1)
    town.store_kills.clear()
    town.agent_kills.clear()
    town.agent_away = []
    verdict.judge_store(found)
    verdict.judge_applied()
    verdict.ledger = devices
    # A batch that came once, and that no damage excuses.
    (device, _), numbers = next(iter(verdict.numbers.came.items()))
    sound = [number for number in numbers if numbers.count(number) == 1
             and (device, number) not in verdict.numbers.journal]
    numbers.remove(sound[len(sound) // 2])
    verdict.judge_ledger()
    verdict.judge_births(f"birth 0 {SITE}/box-0 0\n")
    verdict.judge_replay()
    # The end of an alert that was told comes a second later.
    ends = {(rule, series, over) for rule, series, _, _, over in firm}
    one = next(effect for effect in verdict.effects if effect.closes
               and (effect.rule, effect.series, effect.at) in ends)
    one.at += 1000
    verdict.judge_undisturbed()
    verdict.effects.append(replace(
        one, rule="dark", before="inactive", after="firing", decided=0,
        labels={"alertname": "Dark"}))
    webhook = town.webhook
    # One more word of an alert that is not true at the end, and of one that is.
    fired = [next(alert for alert in webhook.alerts
                  if alert["status"] == "firing"
                  and alert["labels"]["alertname"] == "AtOnce"
                  and verdict.expected()["AtOnce", alert["labels"]["device"],
                                         int(alert["labels"]["s"])] == level)
             for level in (0, 1)]
    for book, last in ((webhook.keys, ["999999999998-0", "999999999999-0"]),
                       (webhook.alerts, fired),
                       (webhook.times, [1 << 60, 1 << 60])):
        book += [book[0], *last]
    verdict.judge_told()
    seen = "; ".join(verdict.violations)
    lies = ["missing in the store", "missing in the journal", "another stamp",
            "twice", "told again without cause", "outside faults",
            "doubled in the store", "neither there nor named",
            "accepted ones are not there", "not so within",
            "declare something else", "differ from an undisturbed run"]
    return [lie for lie in lies if lie not in seen]


def write_requests(town):
    """What the store was sent, for whoever looks for a double."""
    with open(town.folder / "store-requests.txt", "w",
              encoding="utf-8") as file:
        for kill in town.store_kills:
            print(f"killed {kill:.3f}", file=file)
        for request in town.links["store-link"].requests:
            print(f"sent {request.began:.3f} answered={request.answered}\n"
                  f"{request.body.decode(errors='replace')}", file=file)


def judge(town, settle_s, unsettled):
    """The verdict on a town that has settled; stops it."""
    verdict = Verdict(town)
    found = verdict.read_store()
    verdict.ledger = wait_for_ledger(town)
    write_requests(town)
    for name, code in town.stop().items():
        if code != 0:
            verdict.wrong(f"{name} ended with {code}")
    verdict.judge_store(found)
    verdict.judge_applied()
    verdict.judge_ledger()
    verdict.judge_replay()
    verdict.judge_undisturbed()
    for text in verdict.apart:
        print(f"    {text}", flush=True)
    verdict.judge_named()
    verdict.judge_told()
    for what, least in (("transitions", LEAST_TRANSITIONS),
                        ("straddling", LEAST_STRADDLING)):
        if verdict.figures.get(what, 0) < least:
            verdict.wrong(f"the run shows too little: {what}="
                          f"{verdict.figures.get(what, 0)}, not {least}")
    if len(unsettled) < LEAST_FAULTS or min(unsettled) < town.form.unsettled:
        verdict.wrong(f"the run shows too little: {len(unsettled)} faults, "
                      f"{min(unsettled)} unsettled")
    if not verdict.violations:
        blind = blind_to(town, found, verdict.ledger, verdict.firm)
        if blind:
            verdict.wrong("the judges did not see planted lies", blind)
    verdict.figures.update(unsettled_least=min(unsettled),
                           settle_s=round(settle_s, 1))
    return verdict


def one_run(folder, store, seed, form, kinds):
    """(violations, figures, fault counts)."""
    town = Town(folder, store, seed, form)
    town.kind = store
    began = time.monotonic()
    try:
        town.start()
        unsettled = let_faults_happen(town, make_plan(seed, form, kinds))
        town.check()
        for i, feeder in enumerate(town.feeders):
            feeder.finish(final_levels(i))
        wait_until(lambda: all(feeder.calm_for(CALM_S)
                               for feeder in town.feeders), 120, "calm")
        for feeder in town.feeders:
            feeder.stop()
            if feeder.failure is not None:
                raise Failure(f"feeder: {feeder.failure!r}")
        settling = time.monotonic()
        wait_for_all(town)
        wait_for_people(town)
        verdict = judge(town, time.monotonic() - settling, unsettled)
        verdict.figures.update(seconds=round(time.monotonic() - began))
        return verdict.violations, verdict.figures, town.counts
    except Failure as failure:
        return [str(failure)], {}, town.counts
    finally:
        town.close()


def main():
    folder, seed, store, form, kinds = sys.argv[1:]
    reserve_ports()
    violations, figures, faults = one_run(
        folder, store, int(seed), SHORT if form == "short" else LONG,
        kinds.split(",") if kinds else OTHERS)
    result = {"violations": violations, "figures": figures, "faults": faults}
    (Path(folder) / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
