"""Redis and Postgres killed, frozen and cut off under load: what is answered meanwhile, how long the return takes, and
that all that was taken is there once. OUTAGE_SECONDS says how long each is away."""
# Runs once for each of: twilio, acs

import collections
import contextlib
import itertools
import json
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import event_log  # noqa: E402
import postgres  # noqa: E402
import redis  # noqa: E402
import provider  # noqa: E402
import webhook_load  # noqa: E402
from gateway import Gateway, run, scratch, wait_for  # noqa: E402
from tap import check, done, skip  # noqa: E402
from tcp_proxy import TcpProxy  # noqa: E402

OUTAGE = float(os.environ.get("OUTAGE_SECONDS", "5"))
PACE = 0.02  # seconds between the webhooks of one thread
FOLDERS = [os.environ.get(f"TRUNKLINE_TEST_{name}_DIR") for name in ("POSTGRES", "REDIS")]


def note(text):
    print(f"# {text}", flush=True)


class Load:
    """Calls without end, each webhook until it is taken."""

    def __init__(self, ports):
        self.sender = webhook_load.Sender(ports)
        self.indices = itertools.count()
        self.probed = []  # calls whose first webhook was refused
        self.sent = 0  # calls, once it has ended
        self.ending = False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(6)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        connections = {}
        while not self.ending:
            index = next(self.indices)
            for webhook in NETWORK.webhooks_of(index):
                self.sender.deliver(webhook, connections, index)
                time.sleep(PACE)

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join()
        self.sent = next(self.indices)

    def probe(self):
        """A new call at each node, beside those that wait already: status, body and seconds of the answers."""
        answers = []
        for port in self.sender.ports:
            index = next(self.indices)
            self.probed.append(index)
            webhook = NETWORK.webhooks_of(index)[0]
            began = time.monotonic()
            outcome, body = self.sender.try_once(webhook, {}, port)
            answers.append((outcome, body, time.monotonic() - began))
        return answers

    def deliver_probes(self):
        for index in self.probed:
            for webhook in NETWORK.webhooks_of(index):
                self.sender.deliver(webhook, {}, index)
        self.probed = []

    def figures(self):
        """What was taken and what was refused, up to now."""
        with self.sender.lock:
            return self.sender.taken, collections.Counter(self.sender.refused)

    def since(self, before):
        taken, refused = self.figures()
        return taken - before[0], refused - before[1]


def status(node):
    return json.loads(node.request("GET", "/health").body)["status"]


def ready(node):
    return node.request("GET", "/readyz").status == 200


def timed(what, nodes, holds):
    began = time.monotonic()
    wait_for(what, lambda: all(holds(node) for node in nodes))
    return time.monotonic() - began


def stays_degraded(nodes, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(status(node) != "degraded" for node in nodes):
            return False
        time.sleep(0.1)
    return True


def without_redis(title, nodes, load, leave, come_back):
    """Calls go on as if nothing were."""
    before = load.figures()
    leave()
    noticed = timed("/health to be degraded", nodes, lambda node: status(node) == "degraded")
    check(f"{title}: readiness stays", all(map(ready, nodes)))
    degraded = stays_degraded(nodes, OUTAGE - noticed)
    taken, refused = load.since(before)
    check(f"{title}: /health goes on to say so", degraded)
    check(f"{title}: every webhook is taken", taken > 0 and not refused, (taken, refused))
    come_back()
    back = timed("/health to be healthy", nodes, lambda node: status(node) == "healthy")
    note(f"{title}: {taken} webhooks taken and none refused while it was away; noticed after {noticed:.1f} s, "
         f"healthy {back:.1f} s after its return")


def without_postgres(title, nodes, load, leave, come_back):
    """Nothing is taken that could not be kept, and the answers say so."""
    before = load.figures()
    leave()
    noticed = timed("readiness to go off", nodes, lambda node: not ready(node))
    taken = load.figures()[0]
    probes = load.probe()
    time.sleep(max(0.0, OUTAGE - noticed))
    check(f"{title}: a webhook is answered 503 in time", all(outcome == 503 and seconds < 5 and b"store_unavailable" in body
                                                           for outcome, body, seconds in probes), probes)
    later, refused = load.figures()[0] - taken, load.since(before)[1]
    check(f"{title}: no webhook is taken, and none answered otherwise", later == 0 and refused.keys() <= {503}, (later, refused))
    come_back()
    began = time.monotonic()
    wait_for("a webhook to be taken", lambda: load.figures()[0] > taken + later)
    taking = time.monotonic() - began
    timed("readiness to come back", nodes, ready)
    note(f"{title}: not ready after {noticed:.1f} s, a webhook answered 503 within {max(probe[2] for probe in probes):.1f} s, "
         f"{sum(refused.values())} in all; webhooks taken {taking:.1f} s and all ready {time.monotonic() - began:.1f} s "
         "after its return")
    load.deliver_probes()


def processes(server):
    """The server and all that it has started."""
    return [server.pid(), *map(int, pathlib.Path(f"/proc/{server.pid()}/task/{server.pid()}/children").read_text().split())]


def send_all(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def cut_again_and_again(title, proxy, nodes, load):
    before = load.figures()
    cuts = 0
    for _ in range(10):
        taken = load.figures()[0]
        cuts += proxy.cut()
        wait_for("webhooks to be taken", lambda: load.figures()[0] > taken + 10)
    taken, refused = load.since(before)
    check(f"{title}: {10} times all connections are cut and webhooks go on", cuts > 0 and refused.keys() <= {503}, refused)
    wait_for("all to be well", lambda: all(status(node) == "healthy" for node in nodes))
    note(f"{title}: {cuts} connections cut, {taken} webhooks taken meanwhile, answered otherwise: {dict(refused)}")


def happened(events):
    """Of each call, how often each of its webhooks had its effect."""
    names, found = {}, collections.defaultdict(collections.Counter)
    for event in events:
        data = event["data"]
        if event["type"] == "call.received":
            names[event["callId"]] = data["providerCallId"]
            kind = "heard of" if event_log.heard_of(event) else "voice"
        else:
            kind = data.get("providerStatus", event["type"] + " " + data.get("status", ""))
        found[names[event["callId"]]][kind] += 1
    return found


def expected(index):
    effects = [webhook.effect or "voice" for webhook in NETWORK.webhooks_of(index)]
    return collections.Counter(["call.status RINGING", *effects, *NETWORK.effects_beside])


def all_is_there(nodes, load, settings):
    calls = {NETWORK.webhooks_of(index)[0].call: expected(index) for index in range(load.sent)}
    follower = event_log.Follower(lambda: nodes)
    follower.wait_for(sum(map(sum, map(collections.Counter.values, calls.values()))), 60)
    follower.end()
    found = happened(follower.events)
    wrong = [(sid, found.get(sid), calls.get(sid)) for sid in calls.keys() | found.keys() if found.get(sid) != calls.get(sid)]
    note(f"{load.sent} calls, {load.sender.taken} webhooks, {load.sender.tries - load.sender.taken} tries failed in all")
    check("every webhook was taken in the end", not load.sender.unanswered, load.sender.unanswered[:3])
    check("what was taken is there, nothing twice", not wrong, wrong[:3])
    check("the log has no gap", event_log.is_whole(follower.events))
    verdict = run("verify", **settings, DATA_DIR=scratch())
    check("`trunkline verify` finds that all agrees", verdict.returncode == 0, verdict)


def storms(database, live, database_proxy, live_proxy, nodes):
    load = Load([node.port for node in nodes])
    wait_for("calls to come", lambda: load.figures()[0] > 50)
    wait_for("all to be well", lambda: all(status(node) == "healthy" for node in nodes))
    without_redis("Redis killed", nodes, load, live.stop, live.start)
    without_redis("Redis frozen", nodes, load, lambda: os.kill(live.pid(), signal.SIGSTOP),
                  lambda: os.kill(live.pid(), signal.SIGCONT))
    cut_again_and_again("Redis cut off", live_proxy, nodes, load)
    without_postgres("Postgres stopped", nodes, load, database.stop, database.start)
    without_postgres("Postgres killed", nodes, load, database.crash, database.start)
    frozen = []

    def freeze():
        frozen[:] = processes(database)
        send_all(frozen, signal.SIGSTOP)

    without_postgres("Postgres frozen", nodes, load, freeze, lambda: send_all(frozen, signal.SIGCONT))
    cut_again_and_again("Postgres cut off", database_proxy, nodes, load)
    load.end()
    return load


def outages():
    database = postgres.Server(pathlib.Path(FOLDERS[0]) / f"outages-{NETWORK.name}").start()
    live = redis.Server(pathlib.Path(FOLDERS[1]) / f"outages-{NETWORK.name}").start()
    port = database.url().rpartition(":")[2].partition("/")[0]
    try:
        with TcpProxy(int(port)) as database_proxy, TcpProxy(live.port()) as live_proxy:
            settings = {"DATABASE_URL": database.url().replace(f":{port}/", f":{database_proxy.port}/"),
                        "REDIS_URL": f"redis://127.0.0.1:{live_proxy.port}"}
            limits = {"DATABASE_WAIT_MS": 1000, "DATABASE_STATEMENT_TIMEOUT_MS": 2000, "DATABASE_CONNECTIONS": 6,
                      "NODE_TIMEOUT_S": 60, "RECONCILE_INTERVAL_S": 0, "LOG_LEVEL": "error",
                      "AZURE_HANDLING_TIME_MS": 2000, **NETWORK.settings}
            with Gateway(PUBLIC_URL=webhook_load.PUBLIC_URL, **settings, **limits) as one, \
                    Gateway(PUBLIC_URL=webhook_load.PUBLIC_URL, **settings, **limits) as two:
                load = storms(database, live, database_proxy, live_proxy, [one, two])
                all_is_there([one, two], load, settings)
    finally:
        live.stop()
        database.stop()


NETWORK = provider.start()
if all(FOLDERS):
    outages()
else:
    skip("outages under load", postgres.why_not() or redis.why_not() or "no server may be started here")
done()
