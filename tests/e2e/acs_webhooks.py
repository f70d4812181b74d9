"""What Azure alone has: handshakes of a subscription, proofs of four kinds, batches, sockets that come early or again; and what
strangers would send in its name."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import socket
import sys
import threading
import uuid

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import acs_provider  # noqa: E402
import rs256  # noqa: E402
from acs_provider import EVENTS, SECRET, notification  # noqa: E402
from gateway import Gateway, free_port, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

VALIDATION = "EventGrid.SubscriptionValidationEvent"
RELAY_SECRET = "the-secret-of-a-relay"


class Trap:
    """An address that nobody may ask."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.visitors = []
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self):
        while True:
            connection, address = self.listener.accept()
            self.visitors.append(address)
            connection.close()


def validation_event(url="https://rp.eventgrid.azure.net:553/validate"):
    return notification(VALIDATION, "", {"validationCode": str(uuid.uuid4()), "validationUrl": url})


def ask_to_validate(server, event, path=EVENTS, name="CALLS", secret=SECRET):
    headers = {"Content-Type": "application/json", "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": name}
    return server.request("POST", path, json.dumps([event]), headers | ({"X-Event-Grid-Secret": secret} if secret else {}))


def handshakes(server):
    for path in (EVENTS, "/webhooks/eventgrid/validate"):
        event = validation_event()
        code = event["data"]["validationCode"]
        reply = ask_to_validate(server, event, path)
        check(f"{path} returns the code of a subscription's validation", reply.status == 200
              and json.loads(reply.body) == {"validationResponse": code}, reply)
        stranger = ask_to_validate(server, event, path, secret=None)
        check(f"{path} returns it to nobody without the secret", stranger.status == 403 and code.encode() not in stranger.body,
              stranger)
        consent = server.request("OPTIONS", path, headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
        check(f"{path} allows Event Grid to send CloudEvents", consent.status == 200
              and consent.headers.get("webhook-allowed-origin") == "eventgrid.azure.net", consent)
        other = server.request("OPTIONS", path, headers={"WebHook-Request-Origin": "events.example.com"})
        check(f"{path} allows nobody else", other.status == 400 and "webhook-allowed-origin" not in other.headers, other)


def foreign_subscriptions():
    network = acs_provider.Provider()
    with Gateway(AZURE_EVENT_GRID_SUBSCRIPTIONS="calls", **network.settings) as server:
        event = validation_event()
        foreign = ask_to_validate(server, event, name="SOMEBODY-ELSES")
        check("a subscription that is not expected is not validated", foreign.status == 400
              and event["data"]["validationCode"].encode() not in foreign.body, foreign)
        check("one that is expected is, in whatever case its name comes", ask_to_validate(server, event).status == 200)


def unsigned(claims):
    return ".".join(rs256.base64url(json.dumps(part).encode()) for part in ({"alg": "none", "typ": "JWT"}, claims)) + "."


def confused(key, claims):
    """HS256, with the public key as its secret."""
    parts = {"alg": "HS256", "typ": "JWT", "kid": key.id}, claims
    signed = ".".join(rs256.base64url(json.dumps(part).encode()) for part in parts)
    secret = json.dumps(key.published()).encode()
    return signed + "." + rs256.base64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def forged_tokens(api):
    good = api.token()
    claims = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))
    changed = rs256.base64url(json.dumps(claims | {"exp": claims["exp"] + 1}).encode())
    stranger = rs256.Key()
    impostor = rs256.Key()
    impostor.id = api.signing.id
    return {"an expired token": api.token(life=-600), "a token without an end": api.token(exp=None),
            "a token for another resource": api.token(aud=str(uuid.uuid4())),
            "a token of another issuer": api.token(iss="https://x"),
            "a token without a signature": unsigned(claims), "a token signed with the public key": confused(api.signing, claims),
            "a token of a stranger's key": api.token(key=stranger),
            "a stranger's token under the name of our key": api.token(key=impostor),
            "a token whose claims were changed": good.split(".")[0] + "." + changed + "." + good.split(".")[2],
            "garbage": "x.y.z"}


def callback_tokens(server):
    call = NETWORK.ring(server)
    for name, token in forged_tokens(NETWORK.api).items():
        reply = NETWORK.call_back(server, call.callback_target, [call.word(call.ENDED)], token)
        check(f"a callback with {name} is refused", reply.status in (401, 403), reply)
    naked = server.request("POST", call.callback_target, json.dumps([call.word(call.ENDED)]),
                           {"Content-Type": "application/json"})
    check("a callback without a token is refused", naked.status == 403, naked)
    check("and none has an effect", server.json(f"/api/v1/calls/{call.call_id}")["state"] == "CONNECTING")
    late = NETWORK.call_back(server, call.callback_target, [call.word(call.CONNECTED)], NETWORK.api.token(life=-120))
    check("one that took some minutes on its way is taken", late.status == 200
          and server.json(f"/api/v1/calls/{call.call_id}")["state"] == "CONNECTED", late)


def keys_are_away():
    network = acs_provider.Provider()
    settings = network.settings | {"AZURE_CALLBACK_JWKS_URL": f"http://127.0.0.1:{free_port()}/calling/keys"}
    with Gateway(**settings) as server:
        call = network.ring(server)
        reply = call.tell(call.CONNECTED)
        check("while the keys are away, callbacks may come again", reply.status == 503, reply)


def another_key():
    """Of a resource that is not ours."""
    network = acs_provider.Provider()
    endpoint = network.api.connection_string.partition(";")[0]
    key = base64.b64encode(bytes(32)).decode()
    with Gateway(**network.settings | {"AZURE_COMMUNICATION_CONNECTION_STRING": f"{endpoint};accesskey={key}"}) as server:
        call = network.ring(server)
        check("with another access key the service lets nobody answer a call", not call.taken and network.complaints(), call.answer)
        found = server.json("/api/v1/calls")["data"][0]
        check("which has failed, and says so", (found["state"], found["endReason"]) == ("FAILED", "answer-failed"), found)
        check("without the key in the log", key not in server.log())


def signed_bodies(server):
    """As a relay before the gateway signs them."""
    def post(body, signed):
        digest = hmac.new(RELAY_SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
        return server.request("POST", EVENTS, body, {"Content-Type": "application/json", "X-Webhook-Signature": digest})

    call = NETWORK.call()
    body = json.dumps([call.arrival])
    changed = post(body.replace("+14155550199", "+14155550198"), signed=body)
    check("a changed body under a good signature is refused", changed.status == 403 and not call.line.answers, changed)
    taken = post(body, signed=body)
    check("the body that was signed is taken", taken.status == 200 and len(call.line.answers) == 1, taken)


def unknown_types(server):
    call = NETWORK.ring(server)
    before = len(server.events_of(call.call_id))
    reply = call.tell("SomethingQuiteNew")
    check("a callback of a type that nobody knows is taken", reply.status == 200, reply)
    event = notification("Communication.ChatMessageReceived", "/chat", {"text": "hello"})
    reply = NETWORK.deliver(server, [event])
    check("and so is such an event", reply.status == 200, reply)
    kept = server.events_of(call.call_id)[before:]
    check("the call keeps what is said of it, and nothing else", [event["type"] for event in kept] == ["provider.event"]
          and kept[0]["data"]["eventType"].endswith("SomethingQuiteNew"), kept)
    counted = 'trunkline_webhooks_total{result="unknown",type="azure-events"} 2'
    check("both are counted", counted in server.request("GET", "/metrics").body.decode())


def half_bad(server):
    first, second = NETWORK.call(), NETWORK.call()
    broken = notification("Communication.IncomingCall", "/x", {"to": 7})
    batch = [first.arrival, broken, "no event at all", second.arrival]
    reply = NETWORK.deliver(server, batch)
    check("of a batch that is half bad the good half is taken, and nothing is to be sent again", reply.status == 200, reply)
    for call in (first, second):
        call.server, call.answer = server, call.read(reply)
        check("a call of it is answered", call.taken, call.answer)
    before = [server.events_of(call.call_id) for call in (first, second)]
    NETWORK.deliver(server, batch)
    check("and when it comes again all the same, once", all(len(call.line.answers) == 1 for call in (first, second))
          and before == [server.events_of(call.call_id) for call in (first, second)])
    reply = NETWORK.deliver(server, [broken])
    check("a batch in which nothing is good is a mistake", reply.status == 400, reply)
    for name, body in {"that is no JSON": "{", "that is neither one event nor several": "7",
                       "that nests without end": "[" * 100_000 + "]" * 100_000}.items():
        check(f"so is a body {name}", NETWORK.deliver(server, body).status == 400)


def worth_another_try(server):
    """What failed for a while is asked for again, and then the whole batch has its effect once."""
    good, unlucky = NETWORK.call(), NETWORK.call()
    unlucky.line.throttled = 10
    reply = NETWORK.deliver(server, [good.arrival, unlucky.arrival])
    check("when one call of a batch could not be answered yet, Event Grid comes again", reply.status >= 500, reply)
    unlucky.line.throttled = 0
    reply = NETWORK.deliver(server, [good.arrival, unlucky.arrival])
    check("and then both are answered, once each", reply.status == 200
          and [len(call.line.answers) for call in (good, unlucky)] == [1, 1], reply)


def stale_and_ours(server):
    stale = NETWORK.call()
    stale.line.state = "given up"
    reply = stale.arrive(server)
    rows = server.json("/api/v1/calls?limit=200")["data"]
    found = next((row for row in rows if row["providerCallId"] == stale.id), None)
    check("a call that rings no more is acknowledged", reply.status == 200, reply)
    check("and was nobody's", found and (found["state"], found["endReason"]) == ("CANCELLED", "stale"), found)
    ours = NETWORK.call(caller="+14155550150")
    check("a call from a number of ours is acknowledged", ours.arrive(server).status == 200)
    check("and left alone", not ours.line.answers and ours.line.state == "ringing")


def early_and_again(server):
    """The media socket may come before CallConnected, and again after it broke."""
    call = NETWORK.ring(server).open().start().speak(0.5)
    server.event(call.call_id, "media.started")
    check("audio before CallConnected connects a call", server.json(f"/api/v1/calls/{call.call_id}")["state"] == "CONNECTED")
    call.tell(call.CONNECTED)
    first = call.socket
    call.open().start().speak(0.5)
    wait_for("a second stream", lambda: len(server.events_of(call.call_id, "media.started")) == 2)
    while first.receive() is not None:
        pass
    check("a second socket takes the place of the first", first.close_code == 1000, first.close_code)
    call.stop()
    server.ended_call(call.call_id)
    streams = wait_for("both streams to end", lambda: len(server.events_of(call.call_id, "media.ended")) == 2
                       and server.events_of(call.call_id, "media.ended"))
    check("and nothing of either is lost", [event["data"]["durationMs"] for event in streams] == [500, 500], streams)
    check("afterwards there is none for the call", call.refused(call.url, call.upgrade_headers()) in (404, 409))


def sockets_of_strangers(server):
    call = NETWORK.ring(server)
    check("a socket with the call's secret and no token is refused", call.refused(call.url) == 403)
    for name, token in forged_tokens(NETWORK.api).items():
        status = call.refused(call.url, call.upgrade_headers(token))
        check(f"a socket with {name} is refused", status in (401, 403), status)
    nobody = call.url.replace(call.call_id, "call_01M80V70RA4J5TR1WQ4093DXXA")
    check("so is one for a call that is not there", call.refused(nobody, call.upgrade_headers()) == 404)


def sounds_that_do_not_fit(server):
    for name, more in {"44.1 kHz": {"sampleRate": 44100}, "two channels": {"channels": 2},
                       "another encoding": {"encoding": "OPUS"}, "a rate that is no number": {"sampleRate": "fast"}}.items():
        call = NETWORK.ring(server).open().start(**more)
        check(f"a stream of {name} closes with 1003", call.closed_with() == 1003, call.socket.close_code)
    call = NETWORK.ring(server).open().start().speak(0.2)
    for payload in (bytes(641), bytes(2 * 16000 + 2)):
        call.send_frame(base64.b64encode(payload).decode())
    call.send_frame("?" * 856)
    call.speak(0.2).stop()
    row = server.finished_recording(call.call_id)
    check("half samples, more than a second at once and what is no base64 are left out", row["durationMs"] == 400, row)


def addresses_in_events(server):
    """Whatever an event names, nobody is asked there."""
    trap = Trap()
    call = NETWORK.ring(server)
    ask_to_validate(server, validation_event(f"{trap.origin}/validate"))
    chunk = {name: f"{trap.origin}/{name}" for name in ("contentLocation", "metadataLocation", "deleteLocation")}
    recording = {"recordingId": "r1", "recordingStorageInfo": {"recordingChunks": [{"documentId": "d", "index": 0} | chunk]},
                 "recordingContentType": "Audio", "recordingChannelType": "Mixed", "recordingFormatType": "Wav"}
    subject = f"/recording/call/{call.id}/serverCallId/{call.line.server_call_id}/recordingId/r1"
    taken = NETWORK.deliver(server, [notification("Communication.RecordingFileStatusUpdated", subject, recording)])
    check("an event about a recording is taken", taken.status == 200, taken)
    NETWORK.call_back(server, call.callback_target, [call.word(call.CONNECTED) | {"source": f"{trap.origin}/calling"}])
    other = NETWORK.call()
    other.arrival["data"]["serverCallId"] = base64.b64encode(trap.origin.encode()).decode()
    other.arrival["topic"] = trap.origin
    other.ring(server)
    check("and the call goes on", server.json(f"/api/v1/calls/{call.call_id}")["state"] == "CONNECTED" and other.taken)
    other.tell(other.ENDED)
    call.tell(call.ENDED)
    server.ended_call(call.call_id)
    check("no address in an event is asked", not trap.visitors, trap.visitors)


NETWORK = acs_provider.Provider()
with Gateway(AZURE_WEBHOOK_SECRET=RELAY_SECRET, AZURE_OWN_NUMBERS="+14155550150", LOG_LEVEL="warn",
             RATE_LIMIT_UNPROVEN_PER_MINUTE=600, **NETWORK.settings) as gateway:
    together([handshakes, callback_tokens, signed_bodies, unknown_types, half_bad, worth_another_try, stale_and_ours,
              early_and_again, sockets_of_strangers, sounds_that_do_not_fit, addresses_in_events], gateway)
    check("no secret and no token is in the log",
          not any(word in gateway.log() for word in (SECRET, RELAY_SECRET, NETWORK.token)))
    check("the service was spoken to as it wants", not NETWORK.complaints(), NETWORK.complaints())
    check("it ends with status 0", gateway.end() == 0)
together([foreign_subscriptions, keys_are_away, another_key])
done()
