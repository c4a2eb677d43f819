"""The judges of fault runs themselves: each sees what it is there for, and lets
pass only what has a reason."""

import unittest
from types import SimpleNamespace as Thing

from ledger import Ledger, Numbers
from plan import Fault
from presence import SETTLE_MS, Connected, Presence
from resent import Resent
from told import People
from undisturbed import (FOREVER, Comparison, Effect, blind_periods,
                         stood_still)

BOX = ("box-2", "0")


def interval(rule, since, fired, over):
    return rule, BOX, since, fired, over


def compare(told, calm, late=(), dark=()):
    return Comparison(set(told), set(calm), {"dark": lambda alert: dark,
                                             "late": lambda alert: late})


class Alerts(unittest.TestCase):
    def wrong(self, told, calm, **reasons):
        return len(compare(told, calm, **reasons).wrong)

    def test_equal_ones_are_compared_whatever_the_reasons(self):
        one = interval("at-once", 1000, 1000, 5000)
        done = compare([one], [one], late=[(0, 9000)])
        self.assertEqual((done.equal, done.apart, done.wrong), (1, {}, set()))

    def test_a_difference_needs_a_reason(self):
        told = interval("at-once", 1000, 1000, 5000)
        for calm in ([], [interval("at-once", 1000, 1000, 5001)],
                     [interval("at-once", 999, 999, 5000)],
                     [interval("at-once", 1000, 1000, FOREVER)],
                     [interval("at-once", 1000, 1000, 3000),
                      interval("at-once", 3000, 3000, 5000)]):
            self.assertGreater(self.wrong([told], calm), 0, calm)

    def test_the_reason_covers_what_is_different_and_no_more(self):
        told = [interval("at-once", 1000, 1000, 5000)]
        calm = [interval("at-once", 1000, 1000, 4800)]
        self.assertEqual(self.wrong(told, calm, late=[(4800, 5000)]), 0)
        # It touches the alert, and not what is different about it.
        self.assertEqual(self.wrong(told, calm, late=[(900, 4700)]), 2)
        self.assertEqual(self.wrong(told, calm, late=[(4801, 5000)]), 2)
        self.assertEqual(self.wrong(told, calm, late=[(4800, 4999)]), 2)
        # Two reasons that do not meet leave some of it without one.
        self.assertEqual(self.wrong(told, calm, late=[(4700, 4900)],
                                    dark=[(4900, 5000)]), 0)
        self.assertEqual(self.wrong(told, calm, late=[(4700, 4899)],
                                    dark=[(4900, 5000)]), 2)
        # Once it is back a device settles.
        self.assertEqual(self.wrong(told, calm, dark=[(2700, 3000)]), 0)
        self.assertEqual(self.wrong(told, calm, dark=[(2700, 2999)]), 2)

    def test_the_reason_is_named(self):
        told = [interval("at-once", 1000, 1000, 5000)]
        calm = [interval("at-once", 1000, 1000, 4800)]
        done = compare(told, calm, late=[(4800, 5000)])
        self.assertEqual(set(done.apart.values()), {"late"})
        self.assertEqual(done.count("late"), 2)
        self.assertEqual(done.count("dark"), 0)

    def test_one_wrong_alert_is_not_excused_by_its_neighbour(self):
        told = [interval("at-once", 1000, 1000, 2000),
                interval("at-once", 3000, 3000, 4000)]
        calm = [interval("at-once", 1000, 1000, 1900),
                interval("at-once", 3000, 3000, 4100)]
        done = compare(told, calm, late=[(1900, 2000)])
        self.assertEqual({one[2] for one in done.wrong}, {3000})

    def test_a_timer_runs_out_after_the_reason(self):
        told = [interval("after-for", 1500, 2500, 6000)]
        calm = [interval("after-for", 1000, 2000, 6000)]
        self.assertEqual(self.wrong(told, calm, late=[(1000, 1500)]), 0)
        self.assertEqual(self.wrong(told, calm, late=[(1000, 1499)]), 2)
        # What was pending when it turned dark had begun before.
        self.assertEqual(self.wrong(told, calm, dark=[(1400, 1500)]), 0)
        self.assertEqual(self.wrong(told, calm, dark=[(2001, 2100)]), 2)

    def test_what_may_be_moved_by_a_lie(self):
        one = interval("at-once", 1000, 1000, 5000)
        self.assertTrue(compare([one], [one]).is_firm(one))
        self.assertFalse(compare([one], [one], late=[(4900, 5100)])
                         .is_firm(one))

    def test_unknown_is_blind(self):
        def effect(position, before, after, at):
            return Effect(position, 0, "at-once", "f", before, after, "dark",
                          0, at, at, {"device": "box-2", "s": "0"})
        periods = blind_periods([effect(1, "firing", "unknown", 100),
                                 effect(5, "unknown", "firing", 100),
                                 effect(7, "firing", "unknown", 300)])
        self.assertEqual(periods["at-once", BOX],
                         [(1, 100, 5), (7, 300, FOREVER)])

    def test_a_for_that_stood_still(self):
        def stood(moved, decided, dark=(3, 1500, 5)):
            pending = Effect(2, 0, "after-for", "f", "inactive", "pending",
                             "condition", 1000, 1000, 1000,
                             {"device": "box-2", "s": "0"})
            over = Effect(8, 0, "after-for", "f", "pending", "inactive",
                          "condition", 1000 + moved, 4000, decided,
                          {"device": "box-2", "s": "0"})
            return stood_still([pending, over], {"box-2": [dark]})

        self.assertEqual(stood(6000, 9000),
                         {("after-for", BOX): [(3, 7500, 5)]})
        # Not moved; by more than there was time for; dark before and after.
        self.assertEqual(stood(0, 9000), {})
        self.assertEqual(stood(6000, 7499), {})
        self.assertEqual(stood(6000, 9000, (0, 500, 2)), {})
        self.assertEqual(stood(6000, 9000, (8, 5000, 9)), {})


class Untold(unittest.TestCase):
    """Incidents that were kept, and of which nobody heard."""

    def untold(self, fired, over, away, heard=()):
        def effect(position, before, after, at):
            return Effect(position, 0, "at-once", "f", before, after,
                          "condition", at, at, at,
                          {"device": "box-2", "s": "0"})
        effects = [effect(1, "inactive", "firing", fired),
                   effect(2, "firing", "inactive", over)]
        people = People(None, effects, Thing(agent_kills=[], agent_away=away,
                                             spans=[]))
        people.judge_each([(effects[i].key, {"status": "resolved"}, over)
                           for i in heard], [])
        return people.figures["over_untold"], len(people.violations)

    def test_only_where_the_agent_was_away(self):
        away = [(10_000, 12_500)]
        for fired, over, found in (
                (9_000, 11_000, (1, 0)),
                (4_000, 5_000, (1, 0)),  # it died before it could tell
                (4_000, 4_999, (0, 1)),
                (12_900, 12_901, (1, 0)),  # at once, of what lay in the broker
                (13_500, 13_600, (1, 0)),
                (13_501, 13_600, (0, 1))):
            self.assertEqual(self.untold(fired, over, away), found, fired)
        self.assertEqual(self.untold(9_000, 11_000, []), (0, 1))

    def test_half_of_it_told_is_wrong(self):
        away = [(10_000, 12_500)]
        self.assertEqual(self.untold(9_000, 11_000, away, [0]), (0, 1))
        self.assertEqual(self.untold(9_000, 11_000, away, [1]), (0, 1))


def damage(name, how="flip", numbers=None, samples=(), when=0):
    return Thing(name=name, how=how, numbers=numbers or {},
                 samples=set(samples), when=when)


class Dropped(unittest.TestCase):
    def ledger(self, came, damages, lost, dropped, points):
        text = "".join(f"batch 0 site/box-2 e {number}\n" for number in came)
        runs = [{"reason": reason, "first": first, "last": last}
                for reason, first, last in lost]
        epoch = {"epoch": "e", "first": 1, "settled": 9, "dropped": dropped,
                 "dropped_points": points, "damaged": 0, "torn": 0,
                 "missing_ranges": [], "lost_ranges": runs}
        return Ledger([{"device": "box-2", "epochs": [epoch]}],
                      Numbers(text, damages))

    def test_the_agent_had_it_and_the_sender_dropped_it(self):
        hurt = [damage("agent", numbers={("box-2", 4): 100,
                                         ("box-2", 8): 30,
                                         ("box-1", 4): 70})]
        for came, lost, dropped, found in (
                ([1, 2, 3], [("drop_oldest", 4, 5)], 2, (100, 0)),
                ([1, 2, 3], [("drop_oldest", 4, 9)], 6, (130, 0)),
                # It came again, it was damaged in the spool too, or it is
                # not named at all.
                ([1, 2, 3, 4], [("drop_oldest", 5, 6)], 2, (0, 0)),
                ([1, 2, 3], [("damaged", 4, 4)], 0, (0, 0)),
                ([1, 2, 3], [("drop_oldest", 5, 7)], 3, (0, 0)),
                # Older ones have lost their names.
                ([1, 2, 3], [("drop_oldest", 5, 7)], 4, (0, 100))):
            ledger = self.ledger(came, hurt, lost, dropped, 0)
            self.assertEqual(ledger.dropped_after_damage("box-2"), found)

    def test_damage_in_a_spool_is_no_reason(self):
        ledger = self.ledger([1], [damage("collector2",
                                          numbers={("box-2", 4): 100})],
                             [("drop_oldest", 4, 5)], 2, 0)
        self.assertEqual(ledger.dropped_after_damage("box-2"), (0, 0))


class Again(unittest.TestCase):
    SAMPLE = ("box-2", "load,s=0", 7)

    def resent(self, sendings, kills=(), damages=()):
        body = b"load,site=x,device=box-2,s=0 n=7i 1\n"
        return Resent([Thing(began=began, answered=answered, body=body)
                       for began, answered in sendings], kills, damages)

    def test_causes(self):
        hurt = [damage("agent", samples=[self.SAMPLE], when=15)]
        other = [damage("agent", samples=[("box-2", "load,s=0", 8)], when=15),
                 damage("collector2", samples=[self.SAMPLE], when=15)]
        for sendings, kills, damages, causes in (
                ([(10, True)], [], [], []),
                ([(10, False), (20, True)], [], [], ["cut"]),
                ([(10, True), (20, True)], [], [], [None]),
                ([(10, True), (20, True)], [15], [], ["restart"]),
                ([(10, True), (20, True)], [9, 21], [], [None]),
                ([(10, True), (20, True)], [], hurt, ["damage"]),
                ([(10, True), (20, True)], [], other, [None]),
                ([(10, True), (20, True), (30, True)], [], hurt,
                 ["damage", None])):
            resent = self.resent(sendings, kills, damages)
            self.assertEqual(resent.causes(self.SAMPLE), causes)
            self.assertEqual(bool(resent.causeless()), None in causes)


class Deaths(unittest.TestCase):
    LOG = ("ts=100.000 level=info program=x event=mqtt_connected client=c a=1\n"
           "ts=130.000 level=info program=x event=mqtt_lost client=c a=1\n"
           "ts=140.000 level=info program=x event=mqtt_connected client=c a=1\n"
           "ts=141.000 level=info program=x event=mqtt_lost client=cc a=1\n")

    def overlooked(self, begin, end, effects=(), spans=()):
        links = {"collector2": Connected(self.LOG, "c", [(begin, end)]),
                 "agent": Connected(self.LOG, "c", [])}
        presence = Presence(list(effects), spans,
                            {"collector2": [(begin, end)]}, links)
        return len(presence.overlooked())

    def test_connected(self):
        link = Connected(self.LOG, "c", [(150_000, 155_000)])
        for begin, end, up in ((99_000, 99_500, False),
                               (101_000, 129_999, True),
                               (129_000, 130_000, False),
                               (131_000, 132_000, False),
                               (140_000, 149_000, True),
                               (155_000, 156_000, False)):
            self.assertEqual(link.up_through(begin, end), up, begin)

    def test_a_death_must_be_seen(self):
        def dark(after, before, at):
            return Effect(0, 0, "dark", "f", before, after, "condition", at,
                          at, at, {"device": "box-2"})
        seen = [dark("firing", "inactive", 110_100),
                dark("inactive", "firing", 112_100)]
        hole = Fault(0, "hole", "collector2-link", 1, 0)
        store = Fault(0, "kill", "store", 1, 0)
        self.assertEqual(self.overlooked(110_000, 112_000), 1)
        self.assertEqual(self.overlooked(110_000, 112_000, seen), 0)
        self.assertEqual(self.overlooked(120_000, 122_000, seen), 1)
        # Too short, not connected, hindered.
        self.assertEqual(self.overlooked(110_000, 111_000), 0)
        self.assertEqual(self.overlooked(135_000, 137_000), 0)
        self.assertEqual(self.overlooked(128_500, 131_000), 0)
        self.assertEqual(self.overlooked(110_000, 112_000, (),
                                         [(109_000, 111_000, hole)]), 0)
        self.assertEqual(self.overlooked(110_000, 112_000, (),
                                         [(109_000, 111_000, store)]), 1)

    def test_darkness_without_a_fault(self):
        def dark(after, before, at):
            return Effect(0, 0, "dark", "f", before, after, "condition", at,
                          at, at, {"device": "box-2"})
        effects = [dark("firing", "inactive", 10_000),
                   dark("inactive", "firing", 10_000 + SETTLE_MS)]
        kill = Fault(0, "kill", "collector2", 1, 0)
        for first, last, count in ((9_000, 10_500, 0), (9_000, 9_999, 1),
                                   (10_001, 11_000, 1)):
            presence = Presence(effects, [(first, last, kill)], {}, {})
            self.assertEqual(len(presence.outside()), count, first)


if __name__ == "__main__":
    unittest.main()
