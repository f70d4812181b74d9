"""The media socket by hand: tokens, order of messages, garbage, half-open sockets; listening in; hanging up."""

import json
import os
import pathlib
import re
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from carrier import Carrier  # noqa: E402
from fake_twilio import FakeTwilio  # noqa: E402
from gateway import ACCOUNT_SID, AUTH_TOKEN, Audio, Gateway, base64url, make_jwt, sign, voice_params, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402
import websocket  # noqa: E402

SUB_ACCOUNT_TOKEN = "fedcba9876543210"


def tokens(server):
    refused = {"a wrong": base64url(os.urandom(24)), "a missing": "", "another call's": Carrier(server).token}
    for name, token in refused.items():
        carrier = Carrier(server).open().start(token=token)
        check(f"{name} token closes with 1008", carrier.closed_with() == 1008, carrier.socket.close_code)
    stranger = Carrier(server).open().start(call_sid="CA" + "9" * 32)
    check("a token is bound to its CallSid", stranger.closed_with() == 1008, stranger.socket.close_code)

    first = Carrier(server).open().start().speak(0.1)
    server.event(first.call_id, "media.started")
    thief = Carrier(server, first.voice["CallSid"]).open().start()
    check("a used token closes with 1008", thief.closed_with() == 1008, thief.socket.close_code)
    first.speak(0.5).stop()
    check("and the call that used it goes on", server.finished_recording(first.call_id)["durationMs"] == 600)


def upgrade_signature(server):
    carrier = Carrier(server)
    right = sign(carrier.url, {})
    websocket.connect(carrier.url, {"X-Twilio-Signature": right}).close()
    try:
        websocket.connect(carrier.url, {"X-Twilio-Signature": right[:-3] + "xx="})
        check("a forged upgrade is refused", False)
    except websocket.Refused as refusal:
        check("a forged upgrade is refused with 403", refusal.status == 403, refusal)


def sub_account(server):
    """Twilio signs with the sub-account's own token, which is listed too; its SID is not the configured one."""
    path, params = "/webhooks/twilio/voice", voice_params(AccountSid="AC" + "5" * 32)
    refused = server.webhook(path, params, signature=sign(server.origin + path, params, "not-listed"))
    check("a sub-account whose token is not listed is refused", refused.status == 403, refused)
    taken = server.webhook(path, params, signature=sign(server.origin + path, params, SUB_ACCOUNT_TOKEN))
    check("one whose token is listed is taken", taken.status == 200, taken)
    call_id = re.search(r"/media/twilio/(\w+)", taken.body.decode())[1]
    metadata = server.json(f"/api/v1/calls/{call_id}")["metadata"]
    check("and its account is kept", metadata["AccountSid"] == params["AccountSid"], metadata)


def order_of_messages(server):
    early = Carrier(server).open().speak(0.2)
    early.frames = 0
    early.start().speak(0.4).stop()
    row = server.finished_recording(early.call_id)
    check("media before start is not recorded, media after it is", row["durationMs"] == 400, row)

    twice = Carrier(server).open().start().speak(0.2)
    server.event(twice.call_id, "media.started")  # or the second would come while the token is being checked
    twice.start()
    check("a second start closes with 1002", twice.closed_with() == 1002, twice.socket.close_code)
    ended = server.event(twice.call_id, "media.ended")["data"]
    check("and is told as a protocol error", ended["cause"] == "protocol-error", ended)
    check("and the recording is kept", server.finished_recording(twice.call_id)["durationMs"] == 200)
    check("and the call is over", server.ended_call(twice.call_id)["state"] == "ENDED")

    silent = Carrier(server).open()
    check("no start in time closes with 1008", silent.closed_with() == 1008, silent.socket.close_code)


def garbage(server):
    carrier = Carrier(server).open().start().speak(0.2)
    for text in ("", "{", "[]", "7", '{"event":7}', '{"event":"unheard-of"}', '{"event":"media"}',
                 '{"event":"media","streamSid":"MZ0","media":{"payload":"AAAA"}}'):
        carrier.socket.send_text(text)
    carrier.send_event("media", {"track": "inbound", "chunk": "1", "timestamp": "99", "payload": "not base64!"})
    carrier.speak(0.2).stop()
    row = server.finished_recording(carrier.call_id)
    check("messages that mean nothing do no harm", row["durationMs"] == 400, row)

    nested = json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZx", "start": {
        "streamSid": "MZx", "callSid": "CA" + "9" * 32, "customParameters": {"x": "nested"}}})
    stranger = Carrier(server).open()
    stranger.socket.send_text(nested.replace('"nested"', "[" * 120_000 + "]" * 120_000))
    check("a start that nests without end closes with 1008", stranger.closed_with() == 1008, stranger.socket.close_code)

    broken = {"a reserved opcode": b"\x83\x80\0\0\0\0", "an unmasked frame": b"\x81\x02{}",
              "a fragmented control frame": b"\x09\x80\0\0\0\0", "text that is not UTF-8": b"\x81\x82\0\0\0\0\xff\xfe"}
    for name, octets in broken.items():
        call = Carrier(server).open().start().speak(0.2)
        server.event(call.call_id, "media.started")
        call.socket.send_raw(octets)
        wanted = 1007 if "UTF-8" in name else 1002
        check(f"{name} closes with {wanted}", call.closed_with() == wanted, call.socket.close_code)
        row = server.finished_recording(call.call_id)
        check(f"{name} leaves the recording", row["durationMs"] == 200, row)

    binary = Carrier(server).open().start()
    binary.socket.send(websocket.BINARY, b"\0\1")
    check("a binary message closes with 1003", binary.closed_with() == 1003, binary.socket.close_code)
    large = Carrier(server).open()
    large.socket.send_raw(b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\0\0\0\0")
    check("a message beyond the limit closes with 1009", large.closed_with() == 1009, large.socket.close_code)


def ignored_messages(server):
    """After what the others sent."""
    for reason, least in {"before-start": 10, "invalid-json": 2, "malformed": 1, "unknown-event": 1, "wrong-stream": 1,
                          "bad-payload": 1}.items():
        series = rf'trunkline_media_messages_ignored_total{{reason="{reason}"}} (\d+)'
        found = re.search(series, server.request("GET", "/metrics").body.decode())
        check(f"what was ignored is counted: {reason}", found and int(found[1]) >= least, found)


def jumps(server):
    carrier = Carrier(server).open().start().speak(0.5)
    carrier.skip(1)
    carrier.sequence += 50
    carrier.speak(0.5).stop()
    audio = Audio(server.audio_of(server.finished_recording(carrier.call_id)))
    check("a jump in time is silence in the recording", abs(audio.seconds - 2) < 0.03, audio.seconds)
    loud = audio.loud_share(0, 0.5), audio.loud_share(0.52, 1.48), audio.loud_share(1.5, 2)
    check("at its place", loud[0] > 0.95 and loud[1] < 0.05 and loud[2] > 0.95, loud)
    ended = server.event(carrier.call_id, "media.ended")["data"]
    check("and is counted", ended["gaps"] == 1, ended)


def stream_callbacks(server):
    """Twilio's word about a stream counts for that stream alone."""
    carrier = Carrier(server).open().start().speak(0.2)
    server.event(carrier.call_id, "media.started")
    word = {"AccountSid": ACCOUNT_SID, "CallSid": carrier.voice["CallSid"]}
    other = server.webhook("/webhooks/twilio/stream", word | {"StreamSid": "MZ" + "8" * 32, "StreamEvent": "stream-stopped"})
    carrier.speak(0.2)
    failed = {"StreamSid": carrier.stream_sid, "StreamEvent": "stream-error", "StreamError": "31921"}
    mine = server.webhook("/webhooks/twilio/stream", word | failed)
    check("stream callbacks are taken", (other.status, mine.status) == (204, 204), (other, mine))
    check("a failed stream is closed", carrier.closed_with() == 1000, carrier.socket.close_code)
    check("with its own cause, and not with another stream",
          server.ended_call(carrier.call_id)["endReason"] == "stream-error"
          and server.finished_recording(carrier.call_id)["durationMs"] == 400)
    trouble = server.event(carrier.call_id, "media.trouble")["data"]
    check("what Twilio said of it is kept", trouble["message"] == "31921", trouble)
    check("it ends once", len(server.events_of(carrier.call_id, "media.ended")) == 1)


def no_place_left():
    with Gateway(LOG_LEVEL="warn", MAX_STREAMS=1) as small:
        first = Carrier(small).open().start().speak(0.2)
        small.event(first.call_id, "media.started")
        second = Carrier(small)
        check("a call for which there is no place is busy", second.twiml.find("Reject").get("reason") == "busy",
              second.answer)
        wait_for("the log to say why", lambda: "MAX_STREAMS" in small.log())
        again = Carrier(small, first.voice["CallSid"])
        check("one that is known gets the answer that it had", again.answer.body == first.answer.body, again.answer)
        first.stop()
        small.finished_recording(first.call_id)
        check("the next has a place again", Carrier(small).url is not None)


def half_open(server):
    carrier = Carrier(server).open().start().speak(0.3)
    ended = server.event(carrier.call_id, "media.ended")
    check("a socket that falls silent is ended as idle", ended["data"]["cause"] == "idle", ended)
    check("its call is ENDED", server.ended_call(carrier.call_id)["state"] == "ENDED")
    check("and its recording whole", server.finished_recording(carrier.call_id)["durationMs"] == 300)


def keys_pressed(server):
    carrier = Carrier(server).open().start().speak(0.2)
    server.event(carrier.call_id, "media.started")
    carrier.send_event("dtmf", {"track": "inbound_track", "digit": "7"})
    carrier.speak(0.1).stop()
    event = server.event(carrier.call_id, "dtmf.received")
    check("a key is an event with its place", event["data"]["digit"] == "7" and event["data"]["atMs"] == 200, event)


def listening(server):
    carrier = Carrier(server).open().start().speak(0.2)
    server.event(carrier.call_id, "media.started")
    viewer = {"Authorization": "Bearer " + make_jwt(["viewer"])}
    address = f"ws://127.0.0.1:{server.port}/api/v1/calls/{carrier.call_id}/audio"
    try:
        websocket.connect(address, viewer)
        check("a viewer may not listen", False)
    except websocket.Refused as refusal:
        check("a viewer may not listen", refusal.status == 403, refusal)

    listener = websocket.connect(f"{address}?access_token={server.admin}")
    heard = threading.Event()
    speaker = threading.Thread(target=speak_until, args=(carrier, heard))
    speaker.start()  # the listener is attached a moment after its socket opens
    kind, message = listener.receive()
    heard.set()
    speaker.join()
    magic, version, track, rate, position = struct.unpack("<2sBBIQ", message[:16])
    check("live audio is binary, with the documented header",
          (kind, magic, version, track, rate) == (websocket.BINARY, b"TL", 1, 0, 8000), message[:16])
    samples = struct.unpack(f"<{len(message[16:]) // 2}h", message[16:])
    check("and PCM16 that is as loud as the caller", len(samples) == 160 and max(map(abs, samples)) > 8000, samples[:8])
    check("its place is on the stream's clock", position % 160 == 0 and position >= 1600, position)
    carrier.stop()
    while listener.receive() is not None:
        pass
    check("the end of the call closes the listener's socket", listener.close_code == 1000, listener.close_code)


def speak_until(carrier, heard):
    while not heard.is_set():
        carrier.speak(0.1, paced=True)


def hanging_up(server, twilio):
    carrier = Carrier(server).open().start().speak(0.5)
    server.event(carrier.call_id, "media.started")
    target = f"/api/v1/calls/{carrier.call_id}/end"
    reply = server.request("POST", target, token=server.admin)
    call = json.loads(reply.body)
    check("POST end answers with the ended call", reply.status == 200 and call["state"] == "ENDED", reply)
    sid = carrier.voice["CallSid"]
    mine = [request for request in twilio.requests if sid in request[0]]
    check("Twilio is asked once, as its API wants it",
          mine == [(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{sid}.json", f"{ACCOUNT_SID}:{AUTH_TOKEN}",
                    {"Status": ["completed"]})], mine)
    check("the media socket is closed", carrier.closed_with() == 1000, carrier.socket.close_code)
    check("the recording is finished", server.finished_recording(carrier.call_id)["durationMs"] == 500)
    again = server.request("POST", target, token=server.admin)
    check("ending it again changes nothing", json.loads(again.body)["version"] >= call["version"] and again.status == 200)
    check("and asks nobody", len([request for request in twilio.requests if sid in request[0]]) == 1)


def twilio_refuses(server, twilio):
    carrier = Carrier(server)
    twilio.status = 500
    reply = server.request("POST", f"/api/v1/calls/{carrier.call_id}/end", token=server.admin)
    check("when Twilio fails and nothing runs here, the answer is 502", reply.status == 502, reply)
    check("and the call is not called over", server.json(f"/api/v1/calls/{carrier.call_id}")["endedAt"] is None)


api = FakeTwilio()
with Gateway(LOG_LEVEL="warn", MEDIA_IDLE_TIMEOUT_MS=2500, TWILIO_API_URL=api.url,
             TWILIO_AUTH_TOKEN=f"{AUTH_TOKEN},{SUB_ACCOUNT_TOKEN}") as gateway:
    together([tokens, upgrade_signature, sub_account, order_of_messages, garbage, jumps, stream_callbacks, half_open,
              keys_pressed, listening], gateway)
    ignored_messages(gateway)
    hanging_up(gateway, api)
    twilio_refuses(gateway, api)
    check("it ends with status 0", gateway.end() == 0)
no_place_left()
done()
