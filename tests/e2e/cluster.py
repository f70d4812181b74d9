"""Three nodes on one Postgres and one Redis under many calls' webhooks, with duplicates, disorder and `kill -9`: what is
there in the end is what one node makes of the same calls in peace. CLUSTER_CALLS says how many calls."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import random
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import event_log  # noqa: E402
import postgres  # noqa: E402
import redis  # noqa: E402
import provider  # noqa: E402
import webhook_load  # noqa: E402
from gateway import Gateway, free_port, run, scratch  # noqa: E402
from tap import check, done, skip  # noqa: E402

CALLS = int(os.environ.get("CLUSTER_CALLS", "600" if provider.name() == "twilio" else "300"))
NODES = 3
KILLS = 5
DUPLICATES = 0.2
DATABASE = os.environ.get("TRUNKLINE_TEST_POSTGRES")
LIVE = os.environ.get("TRUNKLINE_TEST_REDIS")
SEED = int(os.environ.get("CLUSTER_SEED", "0")) or random.randrange(1, 1_000_000)


def note(text):
    print(f"# {text}", flush=True)


def node_on(network, database, prefix, **settings):
    """Nothing is closed by a time-out, and none is too many: every end is a webhook's."""
    patient = {name: 86_400 for name in ("RINGING_TIMEOUT_S", "CONNECTING_TIMEOUT_S", "CONNECTED_TIMEOUT_S")}
    return Gateway(DATABASE_URL=database, REDIS_URL=LIVE, REDIS_PREFIX=prefix, PUBLIC_URL=webhook_load.PUBLIC_URL,
                   DATABASE_CONNECTIONS=8, NODE_TIMEOUT_S=2, LOG_LEVEL="error", RECONCILE_INTERVAL_S=0, MAX_STREAMS=20_000,
                   **network.settings, **patient, **settings)


class Cluster:
    """Nodes that are killed and started again on their folders and ports."""

    def __init__(self, network):
        self.network = network
        self.database = postgres.database_on(DATABASE)
        self.prefix = f"cluster-{uuid.uuid4().hex[:8]}:"
        self.nodes = []
        for _ in range(NODES):
            self.nodes.append(node_on(self.network, self.database, self.prefix))
        self.kills = 0

    def running(self):
        return list(self.nodes)

    def kill(self, place):
        victim = self.nodes[place]
        victim.process.kill()
        victim.process.wait()
        self.kills += 1
        self.nodes[place] = node_on(self.network, self.database, self.prefix, data=victim.data, PORT=victim.port, ready=False)

    def kill_while(self, sender, total, chance):
        """Kills at random moments of the work, each node that it hits in the middle of it."""
        for moment in sorted(chance.uniform(0.05, 0.9) for _ in range(KILLS)):
            while sender.taken < moment * total and not sender.unanswered:
                time.sleep(0.005)
            self.kill(chance.randrange(NODES))

    def verify(self):
        return run("verify", "--json", DATABASE_URL=self.database, REDIS_URL=LIVE, REDIS_PREFIX=self.prefix,
                   DATA_DIR=scratch(), HOST="127.0.0.1", PORT=free_port())

    def verify_while(self, sender, total):
        """In the middle of the work nothing may look wrong either."""
        while sender.taken < total / 2 and not sender.unanswered:
            time.sleep(0.005)
        verdict = self.verify()
        check("`trunkline verify` beside nodes at work finds that all agrees", verdict.returncode == 0, verdict)

    def end(self):
        for node in self.nodes:
            node.__exit__()


def load_of(network):
    return [webhook for index in range(CALLS) for webhook in network.webhooks_of(index)]


def peaceful(network):
    """What one node makes of the calls, each webhook once and in order."""
    webhooks = load_of(network)
    database = postgres.database_on(DATABASE)
    with node_on(network, database, f"peace-{uuid.uuid4().hex[:8]}:") as node:
        sender = webhook_load.Sender([node.port], threads=8)
        for effect in dict.fromkeys(webhook.effect for webhook in webhooks):  # all arrive, then all ring, ...
            sender.send([webhook for webhook in webhooks if webhook.effect == effect])
        follower = event_log.Follower(lambda: [node])
        whole = follower.wait_for(len(webhooks) + (1 + len(network.effects_beside)) * CALLS, 120)
        follower.end()
        check("a clean run takes every webhook at once", whole and not sender.refused, (len(follower.events), sender.refused))
        return event_log.calls_on(node), event_log.by_call(follower.events)


def stormy(network, chance):
    """What three nodes make of them, and what they say about it."""
    webhooks = load_of(network)
    cluster = Cluster(network)
    try:
        twice = [webhook for webhook in webhooks if chance.random() < DUPLICATES]
        requests = webhook_load.shuffled(webhooks + twice, SEED)
        sender = webhook_load.Sender([node.port for node in cluster.nodes], seed=SEED)
        follower = event_log.Follower(cluster.running)
        others = [threading.Thread(target=cluster.kill_while, args=(sender, len(requests), chance)),
                  threading.Thread(target=cluster.verify_while, args=(sender, len(requests)))]
        began = time.monotonic()
        for other in others:
            other.start()
        sender.send(requests)
        seconds = time.monotonic() - began
        for other in others:
            other.join()
        for node in cluster.nodes:
            node.wait_until_ready()
        note(f"{CALLS} calls, {len(requests)} webhooks ({len(twice)} twice), {cluster.kills} kills: {seconds:.1f} s, "
             f"{len(requests) / seconds:.0f} webhooks/s, {sender.tries - sender.taken} tries failed {dict(sender.refused)}")
        return settled(cluster, sender, follower)
    finally:
        cluster.end()


def settled(cluster, sender, follower):
    check("every webhook was taken in the end", not sender.unanswered, sender.unanswered[:3])
    check("five nodes were killed meanwhile", cluster.kills == KILLS, cluster.kills)
    different = [sid for sid, documents in sender.answers.items() if len(documents) != 1]
    check("a call's arrival got one answer, however often and wherever it was told", not different, different[:3])
    stored = int(postgres.psql(cluster.database, "SELECT count(*) FROM call_events"))
    began = time.monotonic()
    arrived = follower.wait_for(stored, 60)
    follower.end()
    note(f"a subscriber that lost its node {follower.connections - 1} times has all {stored} events "
         f"{time.monotonic() - began:.1f} s after the last webhook")
    check("a subscriber from the beginning, on whichever node, had every event once and in order",
          arrived and event_log.is_whole(follower.events) and len(follower.events) == stored, (len(follower.events), stored))
    one = cluster.nodes[0].socket("/api/v1/events?after=0")
    again = [json.loads(one.receive_text()) for _ in range(stored)]
    check("and who asks now gets the same", again == follower.events)
    began = time.monotonic()
    verdict = cluster.verify()
    check("`trunkline verify` finds that all agrees", verdict.returncode == 0, verdict)
    note(f"verify looked at {stored} events in {time.monotonic() - began:.1f} s")
    early = sum(map(event_log.heard_of, follower.events))
    note(f"{early} calls were first heard of in a callback")
    check("each such call says so once, first", all(event["version"] == 1 for event in follower.events
                                                    if event_log.heard_of(event)))
    return event_log.calls_on(cluster.nodes[0]), event_log.by_call(follower.events)


def differing(one, other):
    return [(name, one.get(name), other.get(name)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)][:3]


def compare():
    note(f"CLUSTER_SEED={SEED}")
    began = time.monotonic()
    calm_calls, calm_events = peaceful(provider.start())
    note(f"one node in peace: {time.monotonic() - began:.1f} s")
    calls, events = stormy(provider.start(), random.Random(SEED))
    check("all calls are there", len(calls) == len(calm_calls) == CALLS, (len(calls), len(calm_calls)))
    check("and each ended as on one node", calls == calm_calls, differing(calls, calm_calls))
    check("with the same events, none missing and none twice", events == calm_events, differing(events, calm_events))


if DATABASE and LIVE:
    compare()
else:
    skip("three nodes under load", postgres.why_not() or redis.why_not() or "there is no Postgres or no Redis")
done()
