"""Several nodes on one Postgres and one Redis: one log, one owner a stream, and what happens when a node dies or hangs."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import postgres  # noqa: E402
import provider  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done, skip, together  # noqa: E402

SHARED = os.environ.get("TRUNKLINE_TEST_POSTGRES")
REDIS = os.environ.get("TRUNKLINE_TEST_REDIS")


def node_on(url, **settings):
    """With Redis, where there is one: those of one database share what is live."""
    live = {"REDIS_URL": REDIS, "REDIS_PREFIX": url.rpartition("e2e_")[2] + ":"} if REDIS else {}
    return Gateway(DATABASE_URL=url, DATABASE_CONNECTIONS=6, NODE_TIMEOUT_S=2, LOG_LEVEL="warn", **NETWORK.settings, **live,
                   **settings)


def seqs(socket, count):
    return [json.loads(socket.receive_text())["seq"] for _ in range(count)]


def one_log():
    """What any node stores is seen on every node, in one order, without gaps."""
    url = postgres.database_on(SHARED)
    with node_on(url) as one, node_on(url) as two:
        sockets = [node.socket("/api/v1/events?after=0") for node in (one, two)]
        for i in range(10):
            call = NETWORK.ring((one, two)[i % 2])
            call.tell(call.ENDED, via=(two, one)[i % 2])
        events = 10 * (3 + NETWORK.answers_by_command)
        for name, socket in zip(("one", "two"), sockets):
            check(f"node {name} shows every event of both, in order", seqs(socket, events) == list(range(1, events + 1)))
        states = {call["state"] for call in two.json("/api/v1/calls?limit=50")["data"]}
        check("webhooks of one call may hit different nodes", states == {"ENDED"}, states)


def duplicates_on_two_nodes():
    """The same request on two nodes at once has one effect and one answer."""
    url = postgres.database_on(SHARED)
    with node_on(url, PUBLIC_URL="https://calls.example.com") as one, \
            node_on(url, PUBLIC_URL="https://calls.example.com") as two:
        calls = [NETWORK.call() for _ in range(20)]
        together([lambda node=node: [call.arrive(node) for call in calls] for node in (one, two)])
        check("both answer alike", all(call.repeat(one) == call.repeat(two) for call in calls))
        check("and there is one call each", one.json("/api/v1/calls/stats")["total"] == 20)


def a_node_dies():
    url = postgres.database_on(SHARED)
    with node_on(url) as one, node_on(url) as two:
        carrier = NETWORK.ring(one).open().start()
        one.event(carrier.call_id, "media.started")
        carrier.speak(1)
        wait_for("the recording to be on disk",
                 lambda: any(path.stat().st_size > 100 for path in one.data.rglob("*.wav")))
        call = two.json(f"/api/v1/calls/{carrier.call_id}")
        check("a call says on which node its stream runs", call["node"].startswith("node_"), call)
        one.process.kill()
        one.process.wait()
        carrier.socket.abort()
        lost = two.call_with(carrier.call_id, lambda found: found["state"] == "RECONNECTING")
        check("when that node dies, another marks it RECONNECTING", lost["endedAt"] is None, lost)
        told = two.event(carrier.call_id, "call.reconnecting")
        check("and says why", told["data"] == {"reason": "node-lost", "node": call["node"]}, told)
        carrier.tell(carrier.ENDED, via=two)
        check("the provider's word settles it", two.ended_call(carrier.call_id)["state"] == "ENDED")
        with node_on(url, data=one.data) as again:
            row = again.finished_recording(carrier.call_id)
            check("its recording is finished by the node that has the file, when it is back",
                  row["state"] == "completed" and row["recovered"], row)


def commands_are_carried():
    """A command for a stream on another node answers as if it ran here."""
    url = postgres.database_on(SHARED)
    with node_on(url) as one, node_on(url) as two:
        carrier = NETWORK.ring(one).open().start()
        one.event(carrier.call_id, "media.started")
        ended = two.request("POST", f"/api/v1/calls/{carrier.call_id}/end", token=two.admin)
        check("a call is ended by any node", ended.status == 200 and json.loads(ended.body)["state"] == "ENDED", ended)
        check("its stream is ended where it runs", carrier.closed_with() == 1000, carrier.socket.close_code)

        carrier = NETWORK.ring(one).open().start()
        one.event(carrier.call_id, "media.started")
        carrier.tell(carrier.ENDED, via=two)
        check("and so it is when the provider tells another node of the end", carrier.closed_with() == 1000,
              carrier.socket.close_code)

        carrier = NETWORK.ring(one).open().start()
        one.event(carrier.call_id, "media.started")
        one.signal(signal.SIGSTOP)
        NETWORK.fail_with(500)
        lost = two.request("POST", f"/api/v1/calls/{carrier.call_id}/end", token=two.admin)
        check("a node that does not answer is no end", lost.status == 503 and b"node_unreachable" in lost.body, lost)
        NETWORK.fail_with(200)
        one.signal(signal.SIGCONT)


def a_node_hangs():
    url = postgres.database_on(SHARED)
    with node_on(url, MEDIA_IDLE_TIMEOUT_MS=600_000) as one, node_on(url) as two:
        carrier = NETWORK.ring(one).open().start()
        one.event(carrier.call_id, "media.started")
        one.signal(signal.SIGSTOP)
        two.call_with(carrier.call_id, lambda found: found["state"] == "RECONNECTING")
        one.signal(signal.SIGCONT)
        two.call_with(carrier.call_id, lambda found: found["state"] == "CONNECTED")
        told = two.event(carrier.call_id, "call.reconnected")
        check("a node that hung and is back says that its calls go on", told["data"]["reason"] == "node-back", told)


def looks(node):
    """How calls were looked at, by (level, outcome)."""
    text = node.request("GET", "/metrics").body.decode()
    found = re.findall(r'^trunkline_cache_requests_total\{cache="calls",level="(l.)",outcome="(\w+)"\} (\d+)$', text, re.MULTILINE)
    return {(level, outcome): int(count) for level, outcome, count in found}


def a_change_is_seen():
    """What one node changes another shows, although it remembers calls for a minute."""
    url = postgres.database_on(SHARED)
    with node_on(url, CACHE_TTL_S=60) as one, node_on(url, CACHE_TTL_S=60) as two:
        calls = [NETWORK.ring(one) for _ in range(20)]
        ids = {call["providerCallId"]: call["callId"] for call in two.json("/api/v1/calls?limit=50")["data"]}
        ids = [ids[call.id] for call in calls]
        states = [two.json(f"/api/v1/calls/{call_id}")["state"] for call_id in ids * 2]
        check("a node shows the calls of another", states == [NETWORK.first_state] * 40, states)
        found = looks(two)
        check("the first time as Redis has them, then from memory",
              found[("l1", "miss")] == 20 and found[("l1", "hit")] == 20 and found[("l2", "hit")] > 10, found)

        socket = two.socket(f"/api/v1/events?after=0&callId={ids[0]}")
        first = [json.loads(socket.receive_text())["state"] for _ in range(2 + NETWORK.answers_by_command)]
        calls[0].tell(calls[0].CONNECTED)
        told = json.loads(socket.receive_text())["state"]
        seen = two.json(f"/api/v1/calls/{ids[0]}")["state"]
        check("who heard of a change from a node sees it there", (told, seen) == ("CONNECTED", "CONNECTED"), (first, told, seen))

        for call in calls[1:]:
            call.tell(call.CONNECTED)
        fresh = [json.loads(two.get(f"/api/v1/calls/{call_id}", {"Cache-Control": "no-cache"}).body)["state"] for call_id in ids]
        check("who asks for what is stored gets it at once", fresh == ["CONNECTED"] * 20, fresh)
        begun = time.monotonic()
        for call in calls:
            call.tell(call.ENDED)
        for call_id in ids:
            two.call_with(call_id, lambda found: found["state"] == "ENDED", seconds=10)
        check("all others see it once they are told, long before a minute", time.monotonic() - begun < 10)
        kept = wait_for("the gauge", lambda: 'trunkline_cache_entries{cache="calls"} 20' in two.get("/metrics").body.decode())
        check("and how many are kept is told", kept)


def a_shared_folder():
    url = postgres.database_on(SHARED)
    with node_on(url, RECORDING_SHARED="true") as one:
        recordings = one.data / "recordings"
        with node_on(url, RECORDING_SHARED="true", RECORDING_DIR=recordings) as two:
            carrier = NETWORK.ring(one).open().start()
            one.event(carrier.call_id, "media.started")
            carrier.speak(1)
            carrier.socket.ping()
            wait_for("the recording to be on disk", lambda: any(path.stat().st_size > 100 for path in recordings.rglob("*.wav")))
            one.process.kill()
            one.process.wait()
            carrier.socket.abort()
            row = two.finished_recording(carrier.call_id)
            check("where all nodes have one folder, another finishes the recording", row["state"] == "completed" and row["recovered"], row)


def two_on_one_folder():
    url = postgres.database_on(SHARED)
    with node_on(url) as one:
        second = Gateway(data=one.data, DATABASE_URL=url, ready=False)
        try:
            check("a second process on the same data folder does not start", second.process.wait(30) != 0)
            wait_for("its log to say why", lambda: "the data folder is in use by process" in second.log())
        finally:
            second.__exit__()


NETWORK = provider.start()
if SHARED:
    together([one_log, duplicates_on_two_nodes, a_node_dies])
    together([a_node_hangs, a_shared_folder, two_on_one_folder])
    if REDIS:
        together([commands_are_carried, a_change_is_seen])
    else:
        skip("commands are carried to other nodes, and what they changed", "there is no Redis: TRUNKLINE_TEST_REDIS is not set")
else:
    skip("several nodes", "there is no Postgres: TRUNKLINE_TEST_POSTGRES is not set")
done()
