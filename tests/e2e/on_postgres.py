"""The gateway on Postgres: the same calls, a server that goes and comes back, and the commands that look at it."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import postgres  # noqa: E402
import provider  # noqa: E402
from gateway import Gateway, free_port, run, scratch, wait_for  # noqa: E402
from tap import check, done, skip, together  # noqa: E402

SHARED = os.environ.get("TRUNKLINE_TEST_POSTGRES")


def dependency(server):
    return next(row for row in server.json("/api/health/detailed")["dependencies"] if row["name"] == "store")


def calls_survive():
    url = postgres.database_on(SHARED)
    with Gateway(DATABASE_URL=url, **NETWORK.settings) as server:
        call = NETWORK.ring(server)
        check("a call is accepted", call.taken, call.answer)
        check("and its end", call.tell(call.ENDED).status in (200, 204))
        check("the health answer names the driver", dependency(server)["kind"] == "postgres", dependency(server))
        check("nothing is kept in the data folder", not (server.data / "trunkline.db").exists())
        server.process.kill()
        server.process.wait()
    with Gateway(DATABASE_URL=url, **NETWORK.settings) as another:
        calls = {found["providerCallId"]: found["state"] for found in another.json("/api/v1/calls")["data"]}
        check("another node with another folder knows the call after `kill -9`", calls == {call.id: "ENDED"}, calls)
        check("and answers its repetition as the first did", call.repeat(another) == call.answer, call.answer)


def server_goes_and_comes():
    server = postgres.Server(pathlib.Path(os.environ["TRUNKLINE_TEST_POSTGRES_DIR"]) / f"e2e-{NETWORK.name}").start()
    try:
        with Gateway(DATABASE_URL=server.url(), DATABASE_WAIT_MS=500, AZURE_HANDLING_TIME_MS=500,
                     **NETWORK.settings) as gateway:
            server.stop()
            arrival = NETWORK.call()
            began = time.monotonic()
            refused = arrival.arrive(gateway)
            problem = json.loads(refused.body or b"{}")
            check("while the server is away a call is answered 503 within seconds",
                  (refused.status, problem.get("code")) == (503, "store_unavailable") and time.monotonic() - began < 10, refused)
            check("without a word of where the server is", "127.0.0.1" not in refused.body.decode(), refused)
            wait_for("readiness to go off", lambda: gateway.request("GET", "/readyz").status == 503)
            server.start()
            wait_for("readiness to come back", lambda: gateway.request("GET", "/readyz").status == 200)
            check("afterwards it is accepted", arrival.ring(gateway).taken)
            wait_for("the log to tell of the loss", lambda: "a connection to the database was lost" in gateway.log())
            wait_for("and of the return", lambda: "connected to the database again" in gateway.log())
            check("without the password", postgres.PASSWORD not in gateway.log())
    finally:
        server.stop()


def schema_by_hand():
    url = postgres.database_on(SHARED)
    settings = {"HOST": "127.0.0.1", "PORT": free_port(), "DATA_DIR": scratch(), "DATABASE_URL": url}
    refused = run("serve", **settings, MIGRATE="off")
    check("without its schema and MIGRATE=off the gateway does not start, and says what to do",
          refused.returncode == 1 and "run `trunkline migrate`" in refused.stderr, refused)
    migrated = run("migrate", "--json", **settings)
    check("`migrate` makes it", json.loads(migrated.stdout or "{}").get("applied", [])[:1] == ["0001_calls"], migrated)
    again = run("migrate", "--json", **settings)
    check("once", json.loads(again.stdout)["applied"] == [], again)
    with Gateway(DATABASE_URL=url, MIGRATE="off", **NETWORK.settings) as server:
        check("then it starts", NETWORK.ring(server).taken)


def doctor_looks():
    def verdict(url):
        result = run("doctor", "--json", HOST="127.0.0.1", PORT=free_port(), DATA_DIR=scratch(), DATABASE_URL=url)
        rows = {row["name"]: (row["verdict"], row["finding"]) for row in json.loads(result.stdout)["checks"]}
        return result.returncode, *rows["the database can be used"], result.stdout

    status, found, finding, _ = verdict(SHARED)
    check("`doctor` says which Postgres it found", (status, found) == (0, "ok") and finding.startswith("PostgreSQL 15."), finding)
    status, found, finding, printed = verdict(SHARED.replace(postgres.PASSWORD, "a-wrong-one"))
    check("or why not", (status, found) == (1, "wrong") and "password authentication failed" in finding, finding)
    check("and never a password", "a-wrong-one" not in printed, printed)
    result = run("doctor", DATABASE_URL="mysql://u:secret-word@h/d")
    check("a URL of another kind is a wrong configuration", result.returncode == 3 and "DATABASE_URL" in result.stderr, result)
    check("whose secret is not shown", "secret-word" not in result.stdout + result.stderr, result)


NETWORK = provider.start()
OF_ANY = [schema_by_hand, doctor_looks] if NETWORK.name == "twilio" else []  # whoever brings the calls
if SHARED:
    together([calls_survive, server_goes_and_comes, *OF_ANY])
else:
    skip("the gateway on Postgres", postgres.why_not() or "no server was started for it")
done()
