"""What other programs may rely on: start from environment alone, tokens, call objects, errors, health, metrics."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from described import DescribedGateway  # noqa: E402
from gateway import base64url, make_jwt, run, scratch, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

CALL_FIELDS = {"callId", "provider", "providerCallId", "direction", "state", "from", "to", "createdAt", "connectedAt",
               "endedAt", "duration", "endReason", "participants", "metadata"}
METRICS = ["build_info", "calls_active", "calls_total", "call_duration_seconds_bucket", "webhooks_total",
           "webhook_lag_seconds_bucket", "media_streams_active", "media_frames_late_total", "media_gaps_total",
           "relay_delay_seconds_bucket", "http_requests_total", "http_request_duration_seconds_bucket", "connections",
           "event_loop_lag_seconds", "store_queue"]


def is_problem(reply, status, code=None):
    """RFC 9457, with what Trunkline adds."""
    if reply.status != status or reply.headers.get("content-type", "").split(";")[0] != "application/problem+json":
        return False
    body = json.loads(reply.body)
    return ({"type", "title", "status", "detail", "code", "requestId"} <= body.keys() and body["status"] == status
            and body["requestId"] == reply.headers["x-request-id"] and code in (None, body["code"]))


def unsigned_token():
    now_claims = make_jwt().split(".")[1]
    return base64url(b'{"alg":"none","typ":"JWT"}') + "." + now_claims + "."


def tokens(server):
    def status_with(token):
        return server.request("GET", "/api/v1/calls", token=token).status

    check("a token made by hand with JWT_SECRET is accepted", status_with(make_jwt()) == 200)
    check("a viewer may read calls", status_with(make_jwt(["viewer"])) == 200)
    header, claims, signature = make_jwt().split(".")
    refused = {
        "no token": None,
        "an expired token": make_jwt(exp=1_700_000_000),
        "a token that never expires": make_jwt(exp=None),
        "a token that is not valid yet": make_jwt(nbf=4_000_000_000),
        "a token of another secret": make_jwt(secret="another secret, as long as the right one"),
        "a token without a signature": unsigned_token(),
        "a token whose claims were changed": f"{header}.{make_jwt(['viewer']).split('.')[1]}x.{signature}",
        "a token that names another algorithm": make_jwt(header={"alg": "HS512", "typ": "JWT"}),
        "garbage": "x.y.z",
    }
    for name, token in refused.items():
        reply = server.request("GET", "/api/v1/calls", token=token)
        check(f"{name} is refused", is_problem(reply, 401) and "www-authenticate" in reply.headers, reply)

    end = server.request("POST", "/api/v1/calls/call_0/end", token=make_jwt(["viewer"]))
    check("a viewer may not end calls", is_problem(end, 403, "permission_denied"), end)
    fine = make_jwt([], permissions=["calls:read"])
    check("a single permission opens what it names", status_with(fine) == 200)
    check("and nothing else", server.request("GET", "/api/v1/system/log-level", token=fine).status == 403)
    printed = run("token", "--role", "operator", JWT_SECRET=server.settings["JWT_SECRET"], DATA_DIR=server.data)
    check("`trunkline token` prints one that is accepted", status_with(printed.stdout.strip()) == 200, printed)


def call_object(server):
    arrived = NETWORK.ring(server, remark="OAKLAND")
    page = server.json(f"/api/v1/calls?state={NETWORK.first_state}")
    call = page["data"][0]
    check("a page has data, nextCursor and hasMore", page.keys() == {"data", "nextCursor", "hasMore"}, page)
    check("a call has the fields of the contract", CALL_FIELDS <= call.keys(), call)
    check("and says whose it is", (call["provider"], call["providerCallId"]) == (NETWORK.name, arrived.id), call)
    check("a call that rings has not been connected", call["connectedAt"] is None and call["endedAt"] is None, call)
    check("what the provider says beside is kept", call["metadata"].get(NETWORK.remark) == "OAKLAND", call["metadata"])
    check("a call that waits is active", server.json("/api/v1/calls/active")["data"][0]["callId"] == call["callId"])

    for step in arrived.STEPS:
        reply = arrived.tell(step)
        check(f"a callback {step} is taken", reply.status in (200, 204), reply)
    ended = server.json(f"/api/v1/calls/{call['callId']}")
    check("a call whose media never came is ENDED", ended["state"] == "ENDED", ended)
    check("an ended call has a duration and a reason", isinstance(ended["duration"], int) and ended["endReason"], ended)
    check("and is history", server.json("/api/v1/calls/history")["data"][0]["callId"] == call["callId"])
    arrived.tell(arrived.STEPS[0])
    check("a late callback does not move it back", server.json(f"/api/v1/calls/{call['callId']}")["state"] == "ENDED")
    stats = server.json("/api/v1/calls/stats")
    check("the figures count it", stats["total"] >= 1 and stats["byState"].get("ENDED", 0) >= 1, stats)


def media(server):
    """A call with sound: what it shows while it runs, and afterwards."""
    carrier = NETWORK.ring(server).open().start().speak(0.5)
    server.event(carrier.call_id, "media.started")
    running = server.json(f"/api/v1/calls/{carrier.call_id}/recordings")["data"][0]
    check("a recording that runs has neither sha256 nor end",
          running["state"] == "recording" and running["sha256"] is None and running["completedAt"] is None, running)
    carrier.stop()
    row = server.finished_recording(carrier.call_id)
    server.ended_call(carrier.call_id)
    address = f"/api/v1/media-recordings/{row['recordingId']}"
    check("a finished one has both", server.json(address)["sha256"] and row["completedAt"], row)
    server.get(address + "/audio")
    server.get(address + "/audio", {"Range": "bytes=0-43"}, 206)
    server.get(address + "/audio", {"Range": "bytes=9999999-"}, 416)
    server.get(address + "/audio", {"If-None-Match": f'"{row["sha256"]}"'}, 304)
    server.events_of(carrier.call_id)


def transcript():
    """Of a call in which something is said."""
    with DescribedGateway(**provider.simulated()) as server:
        spoken = server.sim()
        reports = [json.loads(line) for line in spoken.communicate(timeout=120)[0].splitlines() if line.startswith("{")]
        server.event(reports[0]["callId"], "transcript.ended")
        address = f"/api/v1/calls/{reports[0]['callId']}/transcript"
        check("what was said has segments", server.json(address)["segments"], reports)
        for accept in ("text/plain", "text/vtt"):
            server.get(address, {"Accept": accept})
        server.get(address, {"Accept": "image/png"}, 406)
        server.events_of(reports[0]["callId"])
        check("and all of it is described", not server.faults, "\n".join(server.faults))


def failed_recording():
    """Of a gateway that cannot write any."""
    data = scratch()
    (data / "recordings").write_text("a file where a folder should be")
    with DescribedGateway(data=data, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server).open().start().speak(0.2)
        row = server.finished_recording(carrier.call_id)
        check("a failed recording says why", row["state"] == "failed" and row["failure"], row)
        carrier.stop()
        server.ended_call(carrier.call_id)
        check("and is described, too", not server.faults, "\n".join(server.faults))


def paging(server):
    ids = [NETWORK.ring(server, called="+14155550177").id for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = server.json("/api/v1/calls?to=%2B14155550177&limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen += [call["providerCallId"] for call in page["data"]]
        cursor = page["nextCursor"]
    check("paging gives every call once", sorted(seen) == sorted(ids), seen)


def webhooks(server):
    """Every route about webhooks out: what it answers when all is well, and when it is not."""
    def ask(method, path, body=None, status=200):
        text = None if body is None else json.dumps(body)
        reply = server.request(method, "/api/v1/" + path, text, {"Content-Type": "application/json"}, server.admin)
        check(f"{method} {path.split('?')[0].split('/we_')[0].split('/msg_')[0]} answers {status}", reply.status == status, reply)
        return json.loads(reply.body or b"null")

    made = ask("POST", "webhook-endpoints", {"url": "https://127.0.0.1:1/hook", "types": ["dtmf.*"], "description": "x"}, 201)
    endpoint = f"webhook-endpoints/{made['endpointId']}"
    check("the secret is shown when it is made, and not again",
          made["secret"].startswith("whsec_") and "secret" not in ask("GET", endpoint), made)
    check("and when it is rotated", ask("POST", f"{endpoint}/rotate-secret")["secret"] != made["secret"])
    ask("GET", "webhook-endpoints")
    asked = ask("POST", f"{endpoint}/test", status=202)
    delivery = f"webhook-deliveries/{asked['deliveryId']}"
    wait_for("the test to be given up", lambda: server.json("/api/v1/" + delivery)["state"] == "dead")
    ask("GET", f"{endpoint}/deliveries?state=dead&limit=1")
    ask("GET", f"{endpoint}/deliveries?state=asleep&limit=0", status=400)
    ask("GET", f"{endpoint}/deliveries?cursor=x", status=400)
    ask("POST", f"{delivery}/redeliver", status=202)
    ask("POST", f"{endpoint}/redeliver", {"since": "2026-01-01T00:00:00Z"}, 202)
    ask("POST", f"{endpoint}/redeliver", {"afterSeq": -1}, 400)
    check("a disabled endpoint says why", ask("PATCH", endpoint, {"state": "disabled"})["disabledReason"] == "api")
    ask("POST", f"{endpoint}/test", status=409)
    ask("PATCH", endpoint, {"url": "http://192.0.2.1/", "state": "asleep"}, 400)
    ask("POST", "webhook-endpoints", {"url": "https://example.com/", "types": "call.*"}, 400)
    ask("DELETE", endpoint, status=204)
    for method, path in [("GET", endpoint), ("PATCH", endpoint), ("DELETE", endpoint), ("GET", f"{endpoint}/deliveries"),
                         ("POST", f"{endpoint}/test"), ("POST", f"{endpoint}/rotate-secret"), ("GET", delivery),
                         ("POST", f"{endpoint}/redeliver"), ("POST", f"{delivery}/redeliver")]:
        ask(method, path, {} if method == "PATCH" else None, 404)
    while len(server.json("/api/v1/webhook-endpoints")["data"]) < 50:
        server.request("POST", "/api/v1/webhook-endpoints", '{"url":"https://example.com/","types":["quality.alert"]}',
                       token=server.admin)
    ask("POST", "webhook-endpoints", {"url": "https://example.com/"}, 409)


def errors(server):
    missing = server.request("GET", "/api/v1/calls/call_nobody", token=server.admin)
    check("an unknown call is a 404", is_problem(missing, 404, "call_not_found"), missing)
    check("an unknown path is a 404", is_problem(server.request("GET", "/nowhere"), 404, "not_found"))
    wrong = server.request("DELETE", "/api/v1/calls", token=server.admin)
    check("a wrong method is a 405 with Allow", is_problem(wrong, 405) and "GET" in wrong.headers.get("allow", ""), wrong)
    bad = server.request("GET", "/api/v1/calls?state=ASLEEP&limit=0", token=server.admin)
    fields = {error["field"] for error in json.loads(bad.body).get("errors", [])}
    check("all wrong parameters are named at once", is_problem(bad, 400) and fields == {"state", "limit"}, bad)
    socket_only = server.request("GET", "/api/v1/calls/call_0/audio", token=server.admin)
    check("a WebSocket's address asked by HTTP says so", is_problem(socket_only, 426), socket_only)
    level = server.request("PUT", "/api/v1/system/log-level", "{", {"Content-Type": "application/json"}, server.admin)
    check("a malformed body is a 400", is_problem(level, 400), level)
    large = server.request("POST", "/webhooks/twilio/voice", b"a=" + b"x" * 2_000_000,
                           {"Content-Type": "application/x-www-form-urlencoded"})
    check("a body that is too large is a 413", large.status == 413, large)


def health(server):
    shapes = {"/health": {"status", "service", "timestamp", "version", "uptimeSeconds"},
              "/api/health": {"status", "service", "timestamp", "version", "uptimeSeconds"},
              "/api/health/detailed": {"status", "ready", "dependencies"},
              "/livez": {"status"}, "/readyz": {"status", "reasons"}, "/api/ready": {"status", "reasons"},
              "/api/metrics": {"calls", "livekit", "media", "performance", "timestamp"},
              "/monitoring/metrics": {"calls", "livekit", "media", "performance", "timestamp"}}
    for path, fields in shapes.items():
        reply = server.request("GET", path)
        check(f"{path} has its shape, without a token", reply.status == 200 and fields <= json.loads(reply.body).keys(), reply)
    dependencies = json.loads(server.request("GET", "/api/health/detailed").body)["dependencies"]
    check("detailed health lists the store with its milliseconds",
          any(row["name"] == "store" and isinstance(row["latencyMs"], int) for row in dependencies), dependencies)
    behind_proxy = server.request("GET", "/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    check("metrics want a token from elsewhere", is_problem(behind_proxy, 401), behind_proxy)


def metrics(server):
    reply = server.request("GET", "/metrics")
    text = reply.body.decode()
    check("metrics are Prometheus text", reply.headers["content-type"].startswith("text/plain; version=0.0.4"))
    for name in METRICS:
        check(f"trunkline_{name} is there", f"\ntrunkline_{name}" in "\n" + text)
    check("no call id and no number is a label", "call_0" not in text and "+1415" not in text)


def headers(server):
    given = server.get("/api/v1/calls", {"X-Request-Id": "from-outside-1"})
    check("a request id goes in and out", given.headers["x-request-id"] == "from-outside-1", given.headers)
    check("answers carry the security headers", given.headers.get("x-content-type-options") == "nosniff", given.headers)
    packed = server.get("/openapi.json", {"Accept-Encoding": "gzip"})
    check("long JSON is compressed", packed.headers.get("content-encoding") == "gzip", packed.headers)
    page = server.get("/docs")
    check("/docs loads nothing from outside", b"https://" not in page.body and b"//cdn" not in page.body)


NETWORK = provider.start()
OF_ANY = [tokens, errors, health, headers, webhooks] if NETWORK.name == "twilio" else []  # whoever brings the calls
with DescribedGateway(WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8", **NETWORK.settings) as gateway:
    call_object(gateway)
    together([paging, media, *OF_ANY], gateway)
    metrics(gateway)
    check("every answer was as the OpenAPI document says", not gateway.faults, "\n".join(gateway.faults))
    check("and there were many", len(gateway.seen) > (30 if OF_ANY else 10), sorted(gateway.seen))
    check("the provider was spoken to as it wants", not NETWORK.complaints(), NETWORK.complaints())
    check("a gateway without work ends at SIGTERM with status 0", gateway.end() == 0)
together([failed_recording, transcript])
done()
