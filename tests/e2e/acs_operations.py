"""What operators see of Azure Communication Services: its health, its figures, events that are tried again, trials."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from described import DescribedGateway  # noqa: E402
from gateway import BINARY, Gateway, base64, environment, free_port, make_jwt, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

RESOURCE = "11111111-2222-3333-4444-555555555555"
KEY, OTHER_KEY = (base64.b64encode(bytes([fill]) * 32).decode() for fill in (7, 9))
CALLER, CALLEE = "+14255550123", "+18005550100"


def settings(port, key=KEY, **more):
    endpoint = f"http://127.0.0.1:{port}"
    return {"AZURE_COMMUNICATION_CONNECTION_STRING": f"endpoint={endpoint}/;accesskey={key}",
            "AZURE_COMMUNICATION_RESOURCE_ID": RESOURCE, "AZURE_EVENT_GRID_DELIVERY_SECRET": "a-word",
            "AZURE_CALLBACK_JWKS_URL": f"{endpoint}/calling/keys", "AZURE_HEALTH_INTERVAL_S": 1, "LOG_FORMAT": "json", **more}


@contextlib.contextmanager
def azure(port):
    """`trunkline sim acs-service`, which takes what is signed with KEY."""
    process = subprocess.Popen([BINARY, "sim", "acs-service"], env=environment(**settings(port)), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in process.stdout:
            if "DELIVERY_SECRET" in line:
                break
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def silent():
    """A port where connections are taken, and nothing is said."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def row(server):
    rows = json.loads(server.request("GET", "/api/health/detailed").body)["dependencies"]
    return next((one for one in rows if one["name"] == "acs"), None)


def until(server, status):
    return wait_for(f"acs to be {status}", lambda: (found := row(server)) and found["status"] == status and found)


def goes_on(server, name):
    check(f"{name}: the gateway is ready all the same", server.request("GET", "/readyz").status == 200)
    health = server.request("GET", "/health")
    check(f"{name}: its health says degraded", health.status == 200 and json.loads(health.body)["status"] == "degraded", health)
    text = server.log() + server.request("GET", "/api/health/detailed").body.decode()
    check(f"{name}: no key is told", not any(key in text for key in (KEY, OTHER_KEY)))


def figures(server):
    text = server.request("GET", "/metrics").body.decode()
    return {series: float(value) for series, value in re.findall(r"^trunkline_(\S+) (\S+)$", text, re.MULTILINE)}


def fine_and_gone_and_back():
    port = free_port()
    with azure(port) as service, Gateway(**settings(port)) as server:
        found = until(server, "up")
        check("an Azure that answers is up, with its milliseconds and no error",
              found["needed"] is False and isinstance(found["latencyMs"], int) and found["error"] is None, found)
        check("and the process healthy", json.loads(server.request("GET", "/health").body)["status"] == "healthy")
        now = figures(server)
        check("the checks are counted as what they are", now['acs_requests_total{operation="check",outcome="not_found"}'] >= 1
              and now['acs_request_duration_seconds_count{operation="check"}'] >= 1 and now["acs_circuit_open"] == 0, now)
        service.kill()
        service.wait()
        down = until(server, "down")
        check("one that went away is down, and why", down["error"], down)
        goes_on(server, "gone")
        with azure(port):
            until(server, "up")
            check("one that came back is up", True)
        check("the log tells of a change, not of each check",
              server.log().count("the provider does not answer as it should") == 1, server.log())


def refused():
    port = free_port()
    with azure(port), Gateway(**settings(port, OTHER_KEY)) as server:
        found = until(server, "down")
        check("an Azure that refuses the key is down for that reason",
              "does not take our credentials (HTTP 401, Denied)" in found["error"], found)
        goes_on(server, "refused")
        check("and counted as denied", figures(server)['acs_requests_total{operation="check",outcome="denied"}'] >= 1)


def unreachable():
    with Gateway(**settings(free_port())) as server:
        found = until(server, "down")
        check("an Azure where nobody listens is down", found["needed"] is False and found["error"], found)
        goes_on(server, "unreachable")


def hangs():
    with silent() as port, Gateway(**settings(port)) as server:
        first = row(server)
        check("health is told before Azure has answered", first["status"] == "unknown", first)
        found = until(server, "down")
        check("an Azure that says nothing is down after the time for a check", found["latencyMs"] > 4000, found)
        goes_on(server, "hanging")
        check("a gateway ends although Azure has not answered", server.end() == 0)


def not_configured():
    with Gateway() as server:
        check("without Azure there is no such dependency", row(server) is None)


def phone(number):
    return {"kind": "phoneNumber", "rawId": f"4:{number}", "phoneNumber": {"value": number}}


def trial(server, body, token):
    return server.request("POST", "/webhooks/test", json.dumps(body), {"Content-Type": "application/json"}, token)


def incoming(context):
    return {"eventType": "IncomingCall", "id": context, "data": {
        "to": phone(CALLEE), "from": phone(CALLER), "serverCallId": f"server-{context}", "callerDisplayName": "Ada",
        "incomingCallContext": context, "correlationId": f"correlation-{context}"}}


def kind(server, name):
    return next(one for one in server.json("/webhooks/metrics")["webhooks"] if one["type"] == name)


def trials():
    port = free_port()
    with azure(port), DescribedGateway(**settings(port, NODE_ENV="development")) as server:
        operator, viewer = make_jwt(["operator"]), make_jwt(["viewer"])
        check("a trial needs a token", trial(server, incoming("a"), None).status == 401)
        check("and one that may command calls", trial(server, incoming("a"), viewer).status == 403)
        answer = trial(server, incoming("a"), operator)
        said = json.loads(answer.body)
        check("a trial is answered with what came of it", answer.status == 200 and said["eventId"] == "a"
              and said["eventType"] == "Microsoft.Communication.IncomingCall" and said["repeated"] is False, answer)
        call = server.json(f"/api/v1/calls/{said['callId']}")
        check("it went the way of a real event", call["from"] == CALLER and call["provider"] == "acs", call)
        check("twice it has no effect", json.loads(trial(server, incoming("a"), operator).body)["repeated"] is True)
        check("what cannot be read is told", trial(server, {"eventType": "IncomingCall"}, operator).status == 400)
        found = kind(server, "test")
        check("trials are counted", (found["accepted"], found["refused"], found["duplicates"]) == (2, 1, 1), found)
        check("every answer is as the document says", not server.faults, server.faults)


def production():
    for environment_name in (None, "production", "Development"):
        with Gateway(NODE_ENV=environment_name) as server:
            answer = trial(server, incoming("a"), server.admin)
            check(f"with NODE_ENV={environment_name} there is no such route, for nobody", answer.status == 404, answer)
            check("and no call of it", server.json("/api/v1/calls")["data"] == [])


def tried_again():
    with Gateway(**settings(free_port(), NODE_ENV="development")) as server:
        answer = trial(server, incoming("a"), server.admin)
        check("an event that Azure keeps us from handling is not acknowledged", answer.status == 502, answer)
        found = kind(server, "test")
        check("it was tried again, then given up", found["retries"] >= 1 and found["givenUp"] == 1 and found["failed"] == 1, found)
        now = figures(server)
        check("the repetitions of the request are counted", now['acs_retries_total{operation="answer"}'] >= 3, now)
        check("its outcomes, too", now['acs_requests_total{operation="answer",outcome="unreachable"}'] >= 4, now)


together([fine_and_gone_and_back, refused, unreachable, hangs, not_configured, trials, production, tried_again])
done()
