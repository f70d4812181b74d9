"""A database that fails while the gateway runs: nothing is acknowledged that was not stored. And what it forgets."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import resource
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402


def answers_503(name, reply):
    problem = json.loads(reply.body or b"{}")
    check(f"{name} is answered 503", reply.status == 503 and "retry-after" in reply.headers, reply)
    check(f"{name} is told that the store is at fault", problem.get("code") in ("store_unavailable", "store_failed"), problem)


def fails_and_recovers(name, break_store, mend_store):
    """The same webhooks before, while and after the database cannot be written."""
    with Gateway(**NETWORK.settings) as server:
        known = NETWORK.ring(server)
        check(f"{name}: before, a call is accepted", known.taken, known.answer)
        state = break_store(server)
        arrival = NETWORK.call()
        answers_503(f"{name}: a call that arrives", arrival.arrive(server))
        ended = known.word(known.ENDED)
        answers_503(f"{name}: a status", known.send_word(ended))
        wait_for("readiness to go off", lambda: server.request("GET", "/readyz").status == 503)
        check(f"{name}: readiness goes off, the process lives", server.request("GET", "/livez").status == 200)
        calls = server.json("/api/v1/calls")["data"]
        check(f"{name}: nothing of either was stored",
              [(call["providerCallId"], call["endedAt"]) for call in calls] == [(known.id, None)], calls)
        mend_store(server, state)

        wait_for("readiness to come back", lambda: server.request("GET", "/readyz").status == 200)
        check(f"{name}: afterwards the provider's repetitions are accepted",
              arrival.ring(server).taken and known.send_word(ended).status in (200, 204))
        calls = {call["providerCallId"]: call["state"] for call in server.json("/api/v1/calls")["data"]}
        check(f"{name}: and stored once", calls == {known.id: "ENDED", arrival.id: NETWORK.first_state}, calls)


def full(server):
    """The process may not write to any file any more: as on a full disk, each write fails."""
    return resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def full_no_more(server, limits):
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)


def locked(server):
    """Another program holds the file for longer than the gateway waits."""
    other = sqlite3.connect(server.data / "trunkline.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def locked_no_more(_, other):
    other.rollback()
    other.close()


def full_disk():
    fails_and_recovers("a full disk", full, full_no_more)


def locked_file():
    fails_and_recovers("a locked file", locked, locked_no_more)


def forgetting():
    """What was accepted long ago is forgotten, in the background, from the start on."""
    with Gateway(**NETWORK.settings) as server:
        old, young = NETWORK.ring(server), NETWORK.ring(server)
        server.end()
    with sqlite3.connect(server.data / "trunkline.db") as database:
        kept = database.execute("SELECT COUNT(*) FROM inbox").fetchone()[0]
        aged = database.execute("UPDATE inbox SET received_at = 0 WHERE body LIKE '%' || (SELECT id FROM calls WHERE "
                         "provider_call_id = ?) || '%'", (old.id,)).rowcount
    with Gateway(data=server.data) as server, sqlite3.connect(server.data / "trunkline.db") as database:
        wait_for("old requests to go",
                 lambda: database.execute("SELECT COUNT(*) FROM inbox WHERE received_at = 0").fetchone()[0] == 0)
        left = database.execute("SELECT COUNT(*) FROM inbox").fetchone()[0]
        check("requests older than a week are forgotten, and only those", aged > 0 and left >= kept - aged, (kept, aged, left))
        check("the calls stay", len(server.json("/api/v1/calls")["data"]) == 2)


NETWORK = provider.start()
together([full_disk, locked_file, forgetting])
done()
