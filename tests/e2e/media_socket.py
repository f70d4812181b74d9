"""The media socket by hand: tokens, order of messages, garbage, half-open sockets; listening in; hanging up."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import re
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Audio, Gateway, base64url, make_jwt, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402
import websocket  # noqa: E402


def is_over(server, call):
    """Where media are not the call, the provider's word ends it."""
    if not NETWORK.media_is_the_call:
        check("until the provider says so, a call without media is not over",
              not server.json(f"/api/v1/calls/{call.call_id}")["endedAt"])
        call.tell(call.ENDED)
    return server.ended_call(call.call_id)["state"] == "ENDED"


def tokens(server):
    refused = {"a wrong": base64url(os.urandom(24)), "a missing": "", "another call's": NETWORK.ring(server).token}
    for name, token in refused.items():
        check(f"{name} token opens nothing", NETWORK.ring(server).turned_away(token))


def order_of_messages(server):
    early = NETWORK.ring(server).open().speak(0.2)
    early.frames = 0
    early.start().speak(0.4).stop()
    row = server.finished_recording(early.call_id)
    check("media before start is not recorded, media after it is", row["durationMs"] == 400, row)

    twice = NETWORK.ring(server).open().start().speak(0.2)
    server.event(twice.call_id, "media.started")  # or the second would come while the token is being checked
    twice.start_otherwise()
    check("a second start closes with 1002", twice.closed_with() == 1002, twice.socket.close_code)
    ended = server.event(twice.call_id, "media.ended")["data"]
    check("and is told as a protocol error", ended["cause"] == "protocol-error", ended)
    check("and the recording is kept", server.finished_recording(twice.call_id)["durationMs"] == 200)
    check("and the call is over", is_over(server, twice))

    silent = NETWORK.ring(server).open()
    check("no start in time closes with 1008", silent.closed_with() == 1008, silent.socket.close_code)


def garbage(server):
    carrier = NETWORK.ring(server).open().start().speak(0.2)
    for text in ("", "{", "[]", "7", *NETWORK.nonsense):
        carrier.socket.send_text(text)
    carrier.send_frame("not base64!")
    carrier.speak(0.2).stop()
    row = server.finished_recording(carrier.call_id)
    check("messages that mean nothing do no harm", row["durationMs"] == 400, row)

    stranger = NETWORK.ring(server).open()
    stranger.socket.send_text(stranger.nested_start(120_000))
    check("a start that nests without end closes with 1008", stranger.closed_with() == 1008, stranger.socket.close_code)

    broken = {"a reserved opcode": b"\x83\x80\0\0\0\0", "an unmasked frame": b"\x81\x02{}",
              "a fragmented control frame": b"\x09\x80\0\0\0\0", "text that is not UTF-8": b"\x81\x82\0\0\0\0\xff\xfe"}
    for name, octets in broken.items():
        call = NETWORK.ring(server).open().start().speak(0.2)
        server.event(call.call_id, "media.started")
        call.socket.send_raw(octets)
        wanted = 1007 if "UTF-8" in name else 1002
        check(f"{name} closes with {wanted}", call.closed_with() == wanted, call.socket.close_code)
        row = server.finished_recording(call.call_id)
        check(f"{name} leaves the recording", row["durationMs"] == 200, row)

    binary = NETWORK.ring(server).open().start()
    binary.socket.send(websocket.BINARY, b"\0\1")
    check("a binary message closes with 1003", binary.closed_with() == 1003, binary.socket.close_code)
    large = NETWORK.ring(server).open()
    large.socket.send_raw(b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\0\0\0\0")
    check("a message beyond the limit closes with 1009", large.closed_with() == 1009, large.socket.close_code)


def ignored_messages(server):
    """After what the others sent."""
    for reason, least in NETWORK.ignored.items():
        series = rf'trunkline_media_messages_ignored_total{{reason="{reason}"}} (\d+)'
        found = re.search(series, server.request("GET", "/metrics").body.decode())
        check(f"what was ignored is counted: {reason}", found and int(found[1]) >= least, found)


def jumps(server):
    carrier = NETWORK.ring(server).open().start().speak(0.5)
    carrier.skip(1)
    carrier.speak(0.5).stop()
    audio = Audio(server.audio_of(server.finished_recording(carrier.call_id)))
    check("a jump in time is silence in the recording", abs(audio.seconds - 2) < 0.03, audio.seconds)
    loud = audio.loud_share(0, 0.5), audio.loud_share(0.52, 1.48), audio.loud_share(1.5, 2)
    check("at its place", loud[0] > 0.95 and loud[1] < 0.05 and loud[2] > 0.95, loud)
    ended = server.event(carrier.call_id, "media.ended")["data"]
    check("and is counted", ended["gaps"] == 1, ended)


def no_place_left():
    with Gateway(LOG_LEVEL="warn", MAX_STREAMS=1, **NETWORK.settings) as small:
        first = NETWORK.ring(small).open().start().speak(0.2)
        small.event(first.call_id, "media.started")
        second = NETWORK.ring(small)
        check("a call for which there is no place is busy", second.refusal == "busy" and not second.taken, second.answer)
        wait_for("the log to say why", lambda: "MAX_STREAMS" in small.log())
        check("one that is known gets the answer that it had", first.repeat() == first.answer, first.repeat())


def half_open(server):
    carrier = NETWORK.ring(server).open().start().speak(0.3)
    ended = server.event(carrier.call_id, "media.ended")
    check("a socket that falls silent is ended as idle", ended["data"]["cause"] == "idle", ended)
    if not NETWORK.media_is_the_call:
        lost = server.event(carrier.call_id, "call.reconnecting")
        check("its call waits for another one, and says so", lost["data"]["reason"] == "media-lost", lost)
    check("its call is ENDED", is_over(server, carrier))
    check("and its recording whole", server.finished_recording(carrier.call_id)["durationMs"] == 300)


def keys_pressed(server):
    carrier = NETWORK.ring(server).open().start().speak(0.2)
    server.event(carrier.call_id, "media.started")
    carrier.press("7")
    carrier.speak(0.1).stop()
    event = server.event(carrier.call_id, "dtmf.received")
    check("a key is an event with its place", event["data"]["digit"] == "7" and event["data"]["atMs"] == 200, event)


def listening(server):
    carrier = NETWORK.ring(server).open().start().speak(0.2)
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
          (kind, magic, version, track, rate) == (websocket.BINARY, b"TL", 1, 0, NETWORK.rate), message[:16])
    samples = struct.unpack(f"<{len(message[16:]) // 2}h", message[16:])
    check("and PCM16 that is as loud as the caller", len(samples) == FRAME and max(map(abs, samples)) > 8000, samples[:8])
    check("its place is on the stream's clock", position % FRAME == 0 and position >= 10 * FRAME, position)
    carrier.stop()
    while listener.receive() is not None:
        pass
    check("the end of the call closes the listener's socket", listener.close_code == 1000, listener.close_code)


def speak_until(carrier, heard):
    while not heard.is_set():
        carrier.speak(0.1, paced=True)


def hanging_up(server):
    carrier = NETWORK.ring(server).open().start().speak(0.5)
    server.event(carrier.call_id, "media.started")
    target = f"/api/v1/calls/{carrier.call_id}/end"
    reply = server.request("POST", target, token=server.admin)
    call = json.loads(reply.body)
    check("POST end answers with the ended call", reply.status == 200 and call["state"] == "ENDED", reply)
    check("the provider is asked once, as its API wants it", carrier.hang_ups() == 1, NETWORK.complaints())
    check("the media socket is closed", carrier.closed_with() == 1000, carrier.socket.close_code)
    check("the recording is finished", server.finished_recording(carrier.call_id)["durationMs"] == 500)
    again = server.request("POST", target, token=server.admin)
    check("ending it again changes nothing", json.loads(again.body)["version"] >= call["version"] and again.status == 200)
    check("and asks nobody", carrier.hang_ups() == 1)


def provider_refuses(server):
    carrier = NETWORK.ring(server)
    NETWORK.fail_with(500)
    reply = server.request("POST", f"/api/v1/calls/{carrier.call_id}/end", token=server.admin)
    check("when the provider fails and nothing runs here, the answer says so", reply.status in (502, 503), reply)
    check("and the call is not called over", server.json(f"/api/v1/calls/{carrier.call_id}")["endedAt"] is None)


NETWORK = provider.start()
FRAME = NETWORK.rate // 50  # samples
with Gateway(LOG_LEVEL="warn", MEDIA_IDLE_TIMEOUT_MS=2500, **NETWORK.settings) as gateway:
    together([tokens, order_of_messages, garbage, jumps, half_open, keys_pressed, listening], gateway)
    ignored_messages(gateway)
    hanging_up(gateway)
    provider_refuses(gateway)
    check("the provider was spoken to as it wants", not NETWORK.complaints(), NETWORK.complaints())
    check("it ends with status 0", gateway.end() == 0)
no_place_left()
done()
