"""The gateway on Redis: a server that is there, goes and comes back, and the command that looks at it."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import redis  # noqa: E402
import provider  # noqa: E402
from gateway import Gateway, free_port, run, scratch, wait_for  # noqa: E402
from tap import check, done, skip, together  # noqa: E402

SHARED = os.environ.get("TRUNKLINE_TEST_REDIS")
PASSWORD = "only-for-tests"


def status(gateway, path="/health"):
    return json.loads(gateway.request("GET", path).body)["status"]


def dependency(gateway):
    rows = gateway.json("/api/health/detailed")["dependencies"]
    return next((row for row in rows if row["name"] == "redis"), None)


def figure(gateway, name):
    lines = gateway.get("/metrics").body.decode().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)


def server_goes_and_comes():
    server = redis.Server(pathlib.Path(os.environ["TRUNKLINE_TEST_REDIS_DIR"]) / f"e2e-{NETWORK.name}").start(f"requirepass {PASSWORD}")
    settings = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": server.port(), "REDIS_PASSWORD": PASSWORD, **NETWORK.settings}
    with Gateway(**settings) as gateway:
        wait_for("Redis to be up", lambda: (dependency(gateway) or {}).get("status") == "up")
        check("Redis is a dependency that is not needed", dependency(gateway)["needed"] is False, dependency(gateway))
        wait_for("the metrics to say so", lambda: figure(gateway, "trunkline_live_up") == 1)
        check("commands are measured", figure(gateway, "trunkline_live_command_duration_seconds_count") > 0)

        server.stop()
        wait_for("/health to be degraded", lambda: status(gateway) == "degraded")
        check("readiness stays while Redis is away", gateway.request("GET", "/readyz").status == 200)
        check("and so do calls", NETWORK.ring(gateway).taken)
        check("without a word of where the server is", str(server.port()) not in json.dumps(dependency(gateway)), dependency(gateway))
        wait_for("the metrics to say so", lambda: figure(gateway, "trunkline_live_up") == 0)

        server.start(f"requirepass {PASSWORD}")
        wait_for("/health to be healthy", lambda: status(gateway) == "healthy")
        wait_for("the metrics to count it", lambda: figure(gateway, "trunkline_live_reconnects_total") == 1)
        check("the log tells of the loss once", gateway.log().count("the connection to Redis was lost") == 1, gateway.log())
        check("and of the return once", gateway.log().count("connected to Redis again") == 1, gateway.log())
        check("with how long it lasted", '"lostMs":' in gateway.log())
        check("without the password", PASSWORD not in gateway.log())
        check("it ends in order", gateway.end() == 0, gateway.log())
    server.stop()


def starts_without():
    with Gateway(REDIS_URL=f"redis://127.0.0.1:{free_port()}", **NETWORK.settings) as gateway:
        wait_for("/health to be degraded", lambda: status(gateway) == "degraded")
        check("a gateway starts without its Redis, and takes calls",
              NETWORK.ring(gateway).taken)
        check("and ends in order", gateway.end() == 0)
    with Gateway() as gateway:
        check("without settings Redis is no dependency", dependency(gateway) is None)
        check("and nothing is degraded", status(gateway) == "healthy")


def doctor_looks():
    def verdict(**settings):
        result = run("doctor", "--json", HOST="127.0.0.1", PORT=free_port(), DATA_DIR=scratch(), **settings)
        rows = {row["name"]: (row["verdict"], row["finding"]) for row in json.loads(result.stdout)["checks"]}
        return result.returncode, *rows["Redis can be used"], result.stdout

    code, found, finding, _ = verdict(REDIS_URL=SHARED)
    check("`doctor` says which Redis it found", (code, found) == (0, "ok") and finding.startswith("Redis 7."), finding)
    code, found, finding, _ = verdict(REDIS_URL=f"redis://127.0.0.1:{free_port()}")
    check("one that is away limits", (code, found) == (0, "limited") and "Connection refused" in finding, finding)
    code, found, finding, printed = verdict(REDIS_URL=SHARED.replace("//", "//:a-wrong-word@"))
    check("one that does not let us in is wrong", (code, found) == (1, "wrong") and "refuses the password" in finding, finding)
    check("and never a password", "a-wrong-word" not in printed, printed)
    result = run("serve", HOST="127.0.0.1", PORT=free_port(), DATA_DIR=scratch(), REDIS_URL="redis://:secret-word@h:port")
    check("a URL that cannot be read is a wrong configuration",
          result.returncode == 3 and "REDIS_URL" in result.stderr and "has no valid port" in result.stderr, result)
    check("whose secret is not shown", "secret-word" not in result.stdout + result.stderr, result)


NETWORK = provider.start()
OF_ANY = [doctor_looks] if NETWORK.name == "twilio" else []  # whoever brings the calls
if SHARED:
    together([server_goes_and_comes, starts_without, *OF_ANY])
else:
    skip("the gateway on Redis", redis.why_not() or "no server was started for it")
done()
