"""What people were told against what the agent decided and kept."""

from collections import defaultdict

from presence import SETTLE_MS, UNKNOWN, Connected, Presence
from town import SITE
from undisturbed import OPEN

UNDER_WAY_MS = 1000  # what a dead agent had sent may be taken so much later
AHEAD_MS = 2000  # so much the stamps of a burst may be ahead
PROMPT_MS = 5000  # nothing is told for longer after it is over
RULES = {"AtOnce": "at-once", "AfterFor": "after-for", "WithKeep": "with-keep"}


def about_presence(labels, alerts):
    """Whether the alert is one of a rule that reads `up`."""
    return labels.get("alertname") not in alerts


class Told:
    """What the webhook was told, in order; alerts: the names of the rules that
    watch signals, all others are about presence."""

    def __init__(self, webhook, alerts):
        self.webhook = webhook
        self.alerts = alerts

    def first(self):
        """[(key, alert, when)] without repeats, and the repeats."""
        seen, once, again = {}, [], []
        for key, alert, when in zip(self.webhook.keys, self.webhook.alerts,
                                    self.webhook.times):
            if key in seen:
                again.append((key, seen[key], when))
                continue
            seen[key] = when
            once.append((key, alert, when))
        return once, again

    def histories(self):
        """{(alert, device, s): [(key, status), ...]}; word of an incident that
        only turned unknown, or back, is left out: it is the same incident."""
        events = defaultdict(list)
        for key, alert, _ in self.first()[0]:
            labels, status = alert["labels"], alert["status"]
            if about_presence(labels, self.alerts):
                continue
            history = events[labels["alertname"], labels["device"],
                             int(labels["s"])]
            before = history[-1][1] if history else "resolved"
            if UNKNOWN in (status, before) and "resolved" not in (status,
                                                                  before):
                continue
            history.append((key, "firing" if status == UNKNOWN else status))
        return events


class People:
    """Judges what was told. effects: all that were kept, in order."""

    def __init__(self, told, effects, town):
        self.told = told
        self.effects = effects
        self.town = town
        self.starts = sorted(town.agent_kills)
        self.away = sorted(town.agent_away)
        self.spans = town.spans
        self.violations = []
        self.figures = {}

    def wrong(self, text, items=()):
        self.violations.append((text, list(items)))

    def agent_died_between(self, begin, end):
        return any(begin <= kill <= end for kill in self.starts)

    def judge_histories(self, expected):
        events = self.told.histories()
        for alert, level in expected.items():
            history = events.get(alert, [])
            last = history[-1][1] if history else "resolved"
            if (last == "firing") != bool(level):
                self.wrong(f"{alert} is {'true' if level else 'false'} at the "
                           f"end, but people were last told {last}")
            for before, after in zip(history, history[1:]):
                if before[1] == after[1]:
                    self.wrong(f"{alert} was told {after[1]} twice: "
                               f"{before[0]}, {after[0]}")
            if history and history[0][1] != "firing":
                self.wrong(f"{alert} was resolved before it fired")
        self.figures.update(
            told=sum(len(history) for history in events.values()),
            true_at_end=sum(expected.values()))

    def judge_repeats(self):
        """Told again only where the agent died before it could note that it
        had told."""
        once, again = self.told.first()
        causeless = [key for key, first, second in again
                     if not self.agent_died_between(first - UNDER_WAY_MS,
                                                    second)]
        if causeless:
            self.wrong(f"{len(causeless)} alerts were told again without "
                       "cause", causeless)
        self.figures.update(told_again=len(again))
        return once

    def judge_each(self, once, moved):
        """Each incident that was kept is told once, and nothing else. moved:
        where the journal was damaged, [(begin, end)]: positions there may have
        been given out twice, so that their keys say nothing."""
        def says(key):
            position = int(key.partition("-")[0])
            return not any(begin <= position < end for begin, end in moved)

        news = {effect.key: effect for effect in self.effects
                if (effect.opens or effect.closes) and says(effect.key)}
        keys = {key for key, _, _ in once if says(key)}
        over = self.over_untold(news, keys)
        untold = [key for key in news if key not in keys and key not in over]
        unkept = [key for key in keys if key not in news]
        if untold:
            self.wrong(f"{len(untold)} alerts were kept and never told", untold)
        if unkept:
            self.wrong(f"{len(unkept)} alerts were told that are not kept",
                       unkept)
        self.figures.update(keys=len(keys), over_untold=len(over) // 2)
        self.judge_over(once, news)

    def over_untold(self, news, keys):
        """Keys of incidents that began and ended untold while the agent was
        away: nobody needs to hear of them then. Away it is until, started
        again, it has looked at what it has to tell; what lay in the broker it
        may decide before that."""
        over, opened = set(), {}
        for effect in news.values():
            name = effect.rule, effect.fingerprint
            if effect.opens:
                opened[name] = effect
            elif name in opened:
                begin = opened.pop(name)
                if (keys.isdisjoint((begin.key, effect.key))
                        and any(died <= effect.decided + PROMPT_MS
                                and begin.decided <= back + UNDER_WAY_MS
                                for died, back in self.away)):
                    over |= {begin.key, effect.key}
        return over

    def judge_over(self, once, news):
        """None is told as firing that was over before the agent's last
        start, nor long after it was over."""
        over = {}
        opened = {}
        for effect in self.effects:
            name = effect.rule, effect.fingerprint
            if effect.opens:
                opened[name] = effect.key
            elif effect.closes and name in opened:
                over[opened.pop(name)] = effect.decided
        late = [key for key, alert, when in once
                if alert["status"] != "resolved" and key in news
                and key in over and self.agent_died_between(over[key], when)]
        if late:
            self.wrong(f"{len(late)} alerts were told as firing after a start "
                       "before which they were over", late)
        slow = [key for key, alert, when in once
                if alert["status"] != "resolved" and key in news
                and key in over and when > over[key] + PROMPT_MS
                and not any(begin <= when and over[key] <= end
                            for begin, end, fault in self.spans
                            if fault.target in ("agent", "all"))]
        if slow:
            self.wrong(f"{len(slow)} alerts were told as firing when they had "
                       "been over for long", slow)

    def judge_truth(self, once, truth, way):
        """What is told as firing was so, by the stamps of the samples, within
        the longest fault and the time in which it settles, or as long as live
        samples were under way at most: after some failures a program waits
        before it connects again. truth: the intervals in which alerts
        were so."""
        longest = max([way + PROMPT_MS - SETTLE_MS,
                       *(end - begin for begin, end, _ in self.spans)])
        spans = defaultdict(list)
        for rule, series, _, fired, over in truth:
            spans[rule, series].append((fired, over))
        false, asked = [], 0
        for key, alert, when in once:
            labels = alert["labels"]
            rule = RULES.get(labels["alertname"])
            if rule is None or alert["status"] == "resolved":
                continue
            asked += 1
            series = labels["device"], labels["s"]
            if not any(fired <= when + AHEAD_MS
                       and over >= when - longest - SETTLE_MS
                       for fired, over in spans[rule, series]):
                false.append(key)
        if false:
            self.wrong(f"{len(false)} alerts were told as firing that were not "
                       f"so within {longest + SETTLE_MS} ms", false)
        self.figures.update(true_when_told=asked)

    def connections(self):
        """When collectors were dead, and when they and the agent were
        connected."""
        parts = self.town.parts
        clients = {"agent": "gong-agent-demo", **{
            part.name: f"{SITE}-box-{part.name[-1]}"
            for part in self.town.collectors}}
        links = {name: Connected(parts[name].process.log_path.read_text(
                     errors="replace"), client, parts[name].deaths)
                 for name, client in clients.items()}
        return ({part.name: part.deaths for part in self.town.collectors},
                links)

    def judge_presence(self):
        """Dark and unknown only inside faults and the time in which they
        settle; a death that can be seen is seen."""
        presence = Presence(self.effects, self.spans, *self.connections())
        outside, overlooked = presence.outside(), presence.overlooked()
        if outside:
            self.wrong(f"{len(outside)} times something was dark or unknown "
                       "outside faults", outside)
        if overlooked:
            self.wrong(f"{len(overlooked)} collectors died and were not dark",
                       overlooked)
        dark, unknown = presence.count()
        self.figures.update(dark=dark, unknown=unknown,
                            deaths=len(presence.seen_deaths()),
                            dark_after_ms=presence.late)
