"""Events told to others by HTTP: signed, in order, and all of them, whatever the receiver and the gateway go through."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import postgres  # noqa: E402
import provider  # noqa: E402
from gateway import Gateway, make_jwt, scratch, wait_for  # noqa: E402
from receiver import Receiver  # noqa: E402
from tap import check, done, skip, together  # noqa: E402

SHARED = os.environ.get("TRUNKLINE_TEST_POSTGRES")

NETWORK = provider.start()
LOOPBACK = NETWORK.settings | {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "LOG_FORMAT": "json"}
ENDPOINTS = "/api/v1/webhook-endpoints"


def ask(server, method, target, body=None, status=200, token=None):
    """As admin; the answer's JSON. Raises unless the status is what it should be."""
    text = None if body is None else json.dumps(body)
    reply = server.request(method, target, text, {"Content-Type": "application/json"}, token or server.admin)
    if reply.status != status:
        raise AssertionError(f"{method} {target}: {reply.status}, not {status}: {reply.body[:300]!r}")
    return json.loads(reply.body) if reply.body else None


def endpoint_for(server, receiver, **more):
    return ask(server, "POST", ENDPOINTS, {"url": receiver.url, **more}, 201)


def call(server, *steps):
    """A call that comes in, and what the provider says of it; the provider's id."""
    rung = NETWORK.ring(server)
    rung.tell_all(*steps)
    return rung.id


def log_of(server):
    """Every event that the gateway has, by call: the ids in order."""
    calls, cursor = {}, ""
    while cursor is not None:
        page = server.json("/api/v1/calls?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        for row in page["data"]:
            calls[row["callId"]] = server.events_of(row["callId"])
        cursor = page["nextCursor"]
    return calls


def all_there(server, receiver, seconds=60):
    """Waits until the receiver has every event; then says whether each call's came in order."""
    log = log_of(server)
    wanted = {event["id"] for events in log.values() for event in events}
    wait_for(f"{len(wanted)} events", lambda: wanted <= receiver.ids(), seconds)
    return receiver.first_seen() == {call_id: list(range(1, len(events) + 1)) for call_id, events in log.items()}, log


def settled(server, delivery_id, state):
    return wait_for(f"{delivery_id} to be {state}",
                    lambda: next((row for row in [ask(server, "GET", f"/api/v1/webhook-deliveries/{delivery_id}")]
                                  if row["state"] == state), None))


def signed_and_whole():
    receiver = Receiver()
    with Gateway(**LOOPBACK) as server:
        made = endpoint_for(server, receiver, description="all of it")
        call(server, "RINGING", "CONNECTED", "ENDED")
        in_order, log = all_there(server, receiver)
        check("a receiver gets every event of a call, in order", in_order, receiver.first_seen())
        check("each is signed with the endpoint's secret", all(one.is_signed_with(made["secret"]) for one in receiver.taken))
        events = {event["id"]: event for events in log.values() for event in events}
        check("and says what REST says", all(
            one.event == events[one.event["id"]] and one.body["type"] == one.event["type"]
            and one.body["timestamp"] == one.event["at"] and one.body.keys() == {"type", "timestamp", "data"}
            for one in receiver.taken), receiver.taken[0].body)

        rotated = ask(server, "POST", f"{ENDPOINTS}/{made['endpointId']}/rotate-secret")
        asked = ask(server, "POST", f"{ENDPOINTS}/{made['endpointId']}/test", status=202)
        wait_for("the test", lambda: any(one.id == asked["deliveryId"] for one in receiver.taken))
        test = receiver.taken[-1]
        check("a test is sent with its own type", test.body["type"] == "webhook.test", test.body)
        check("after a rotation both secrets sign",
              test.is_signed_with(made["secret"]) and test.is_signed_with(rotated["secret"]), test.headers)
        check("a delivery tells what became of it", settled(server, asked["deliveryId"], "delivered")["lastStatus"] == 204)

        first = ask(server, "GET", f"{ENDPOINTS}/{made['endpointId']}/deliveries?limit=200")["data"][-1]
        before = len(receiver.taken)
        ask(server, "POST", f"/api/v1/webhook-deliveries/{first['deliveryId']}/redeliver", status=202)
        wait_for("one again", lambda: len(receiver.taken) > before)
        check("what is delivered again has the same id", receiver.taken[-1].id == first["deliveryId"], receiver.taken[-1].id)
        later = endpoint_for(server, receiver)
        counted = ask(server, "POST", f"{ENDPOINTS}/{later['endpointId']}/redeliver", {"afterSeq": 0}, 202)
        wait_for("the whole log", lambda: sum(one.is_signed_with(later["secret"]) for one in receiver.taken) == len(events))
        check("a new endpoint can have the log from its beginning", counted == {"redelivered": 0}, counted)
        ask(server, "DELETE", f"{ENDPOINTS}/{made['endpointId']}", status=204)
        ask(server, "GET", f"{ENDPOINTS}/{made['endpointId']}", status=404)
        log_text = server.log()
        check("no secret and no query is logged",
              not any(secret in log_text for secret in (made["secret"], rotated["secret"], "do-not-log-me")))
        check("deliveries are counted", 'trunkline_webhook_deliveries_total{result="delivered"}'
              in server.request("GET", "/metrics").body.decode())


def who_may():
    with Gateway(**LOOPBACK) as server:
        for role in ("viewer", "operator"):
            token = make_jwt([role])
            ask(server, "GET", ENDPOINTS, status=403, token=token)
        reader = make_jwt([], permissions=["webhooks:read"])
        check("who may read sees the list", ask(server, "GET", ENDPOINTS, token=reader) == {"data": []})
        ask(server, "POST", ENDPOINTS, {"url": "https://example.com/"}, 403, reader)
        wrong = ask(server, "POST", ENDPOINTS, {"url": "https://10.0.0.1/", "types": ["nothing.*"], "colour": "red",
                                                "description": "x" * 257}, 400)
        check("all wrong fields are named at once", {error["field"] for error in wrong["errors"]}
              == {"types", "colour", "description"}, wrong)
        inside = ask(server, "POST", ENDPOINTS, {"url": "https://10.0.0.1/"}, 400)
        check("an address inside is refused when it is given", inside["errors"][0]["field"] == "url", inside)


def names_that_lead_inside():
    receiver = Receiver()
    with Gateway(WEBHOOK_ALLOWED_NETWORKS="192.0.2.0/24") as server:
        for host in ("localhost", "2130706433", "0x7f000001"):
            made = ask(server, "POST", ENDPOINTS, {"url": f"http://{host}:{receiver.port}/"}, 201)
            asked = ask(server, "POST", f"{ENDPOINTS}/{made['endpointId']}/test", status=202)
            dead = settled(server, asked["deliveryId"], "dead")
            check(f"the name {host} does not lead a webhook inside",
                  dead["lastStatus"] is None and "no address" in dead["lastError"], dead)
        check("nobody there was asked", not receiver.tried)


def over_tls():
    if shutil.which("openssl") is None:
        return skip("a receiver over TLS", "no openssl command here")
    folder = scratch()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "1", "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    receiver = Receiver(certificate=folder)
    with Gateway(**LOOPBACK, SSL_CERT_FILE=folder / "cert.pem") as server:
        made = endpoint_for(server, receiver)
        asked = ask(server, "POST", f"{ENDPOINTS}/{made['endpointId']}/test", status=202)
        check("a receiver with a certificate that is trusted is told over TLS",
              settled(server, asked["deliveryId"], "delivered")["lastStatus"] == 204)
    with Gateway(**LOOPBACK) as server:
        made = endpoint_for(server, receiver)
        asked = ask(server, "POST", f"{ENDPOINTS}/{made['endpointId']}/test", status=202)
        dead = settled(server, asked["deliveryId"], "dead")
        check("one whose certificate is not trusted is not", dead["lastStatus"] is None and "secure" in dead["lastError"], dead)
    return None


def slow_and_moody():
    """Every answer comes late, and every eighth delivery is refused at first, in all ways; redirects are offered."""
    dice = random.Random(7)
    refusals = [500, (302, {"Location": "http://127.0.0.1:1/"}), 404, 400, (307, {"Location": "/elsewhere"})]
    known = set()

    def answer(delivery):
        time.sleep(0.005 + 0.02 * dice.random())
        new = delivery.id not in known
        known.add(delivery.id)
        return dice.choice(refusals) if new and dice.random() < 0.125 else dice.choice([200, 202, 204])

    receiver = Receiver(answer)
    with Gateway(**LOOPBACK, LOG_LEVEL="warn") as server:
        endpoint_for(server, receiver)
        for _ in range(25):
            call(server, "RINGING", "CONNECTED", "ENDED")
        in_order, _ = all_there(server, receiver)
        check("a moody receiver gets all, in order per call", in_order, receiver.first_seen())
        check("calls are told beside each other", 1 < receiver.most <= 16, receiver.most)


def asks_for_patience():
    calm = threading.Event()
    receiver = Receiver(lambda delivery: 204 if calm.is_set() else (429, {"Retry-After": "2"}))
    with Gateway(**LOOPBACK, LOG_LEVEL="warn") as server:
        made = endpoint_for(server, receiver)
        call(server)
        wait_for("the first refusal", lambda: receiver.tried)
        refused = receiver.tried[0].at
        calm.set()
        in_order, _ = all_there(server, receiver)
        waited = receiver.tried[-1].at - refused
        check("Retry-After is kept to", in_order and waited > 1.9, waited)
        check("and then the endpoint is well",
              wait_for("health", lambda: ask(server, "GET", f"{ENDPOINTS}/{made['endpointId']}")["failingSince"] is None))


def gone():
    receiver = Receiver(lambda delivery: 410)
    with Gateway(**LOOPBACK, LOG_LEVEL="warn") as server:
        made = endpoint_for(server, receiver)
        call(server)
        address = f"{ENDPOINTS}/{made['endpointId']}"
        row = wait_for("the end", lambda: next((row for row in [ask(server, "GET", address)]
                                                if row["state"] == "disabled"), None))
        check("410 disables an endpoint", row["disabledReason"] == "gone", row)
        ask(server, "POST", f"{address}/test", status=409)
        call(server)
        receiver.answer = lambda delivery: 200
        ask(server, "PATCH", address, {"state": "enabled"})
        in_order, _ = all_there(server, receiver)
        check("once enabled it gets what it missed", in_order, receiver.first_seen())


def away_under_load():
    """The receiver goes, the gateway is killed, both come back."""
    receiver = Receiver()
    with Gateway(**LOOPBACK, LOG_LEVEL="warn") as server:
        endpoint_for(server, receiver)
        for _ in range(20):
            call(server, "RINGING", "CONNECTED")
        wait_for("the first", lambda: len(receiver.taken) > 20)
        receiver.shut()
        for _ in range(40):
            call(server, "RINGING", "CONNECTED", "ENDED")
        wait_for("the endpoint to be known as failing",
                 lambda: ask(server, "GET", ENDPOINTS)["data"][0]["failingSince"])
        server.process.kill()
        server.process.wait()
    with Gateway(data=server.data, PORT=server.port, **LOOPBACK, LOG_LEVEL="warn") as server:
        for _ in range(40):
            call(server, "RINGING", "ENDED")
        receiver.open()
        opened = time.monotonic()
        in_order, log = all_there(server, receiver, 90)
        took = time.monotonic() - opened
        check("after an absence a receiver gets every event, in order per call", in_order, receiver.first_seen())
        check("soon after it is back", took < 75, took)
        events = sum(len(events) for events in log.values())
        ids = {delivery.id for delivery in receiver.taken}
        check("and each under one id", len(ids) == events, (len(ids), events))


def killed_while_sending():
    """kill -9 again and again while a slow receiver takes them in."""
    receiver = Receiver(lambda delivery: time.sleep(0.02) or 204)
    data, port = None, 0
    for round_ in range(3):
        with Gateway(data=data, PORT=port, **LOOPBACK, LOG_LEVEL="warn") as server:
            data, port = server.data, server.port
            if round_ == 0:
                endpoint_for(server, receiver)
            known = len(receiver.taken)
            for _ in range(30):
                call(server, "RINGING", "CONNECTED", "ENDED")
            wait_for("some", lambda: len(receiver.taken) > known + 10)
            server.process.kill()
            server.process.wait()
    with Gateway(data=data, PORT=port, **LOOPBACK, LOG_LEVEL="warn") as server:
        in_order, log = all_there(server, receiver)
        check("no kill costs a receiver an event or its order", in_order, receiver.first_seen())
        events = sum(len(events) for events in log.values())
        check("what came twice came under the same id", len({one.id for one in receiver.taken}) == events)
        wait_for("the last to be settled",
                 lambda: 'trunkline_webhook_deliveries{state="pending"} 0' in server.request("GET", "/metrics").body.decode())
        check("the gateway ends at SIGTERM with status 0", server.end() == 0)


def another_node_takes_over():
    """On one Postgres: the node that sends is killed, another one is there and waits for its claim to end."""
    if not SHARED:
        return skip("another node takes over", "there is no Postgres")
    name = "hooks_" + uuid.uuid4().hex[:12]
    postgres.psql(SHARED, f"CREATE SCHEMA {name}")
    shared = {"DATABASE_URL": f"{SHARED}?options=-csearch_path%3D{name}", "WEBHOOK_TIMEOUT_MS": 1000, **LOOPBACK}
    receiver = Receiver(lambda delivery: time.sleep(0.01) or 204)
    with Gateway(**shared) as first, Gateway(**shared) as second:
        endpoint_for(first, receiver)
        call(first, "RINGING")
        wait_for("the first node to send", lambda: receiver.taken)
        for _ in range(20):
            call(first, "RINGING", "CONNECTED", "ENDED")
        first.process.kill()
        first.process.wait()
        call(second, "RINGING", "ENDED")
        in_order, _ = all_there(second, receiver)
        check("the other node goes on where the first one died, in order", in_order, receiver.first_seen())
        check("it ends at SIGTERM with status 0", second.end() == 0)
    return None


if NETWORK.name == "twilio":
    together([signed_and_whole, who_may, names_that_lead_inside, over_tls, slow_and_moody])
    together([asks_for_patience, gone, away_under_load, killed_while_sending, another_node_takes_over])
else:  # the events are the same, whoever brought the call
    together([signed_and_whole, killed_while_sending])
done()
