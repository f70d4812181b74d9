"""Transcripts by a Deepgram that behaves and by ones that do not; whatever it does, calls are recorded."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from fake_deepgram import API_KEY, FakeDeepgram  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402


def segments_of(server, carrier):
    return server.json(f"/api/v1/calls/{carrier.call_id}/transcript")["segments"]


def texts_of(server, carrier):
    return [segment["text"] for segment in segments_of(server, carrier)]


def check_recording(server, carrier, seconds, name):
    row = server.finished_recording(carrier.call_id)
    check(f"{name}: the recording is whole", row["state"] == "completed" and row["durationMs"] == seconds * 1000, row)


def follow_interims(server, heard):
    """Notes live interim events from now on."""
    socket = server.socket("/api/v1/events?types=transcript.*")

    def read():
        while (text := socket.receive_text()) is not None:
            heard.append(json.loads(text))

    threading.Thread(target=read, daemon=True).start()


def a_good_engine(server, service):
    heard = []
    follow_interims(server, heard)
    carrier = NETWORK.ring(server).open().start().speak(3)
    wait_for("three final segments", lambda: len(segments_of(server, carrier)) == 3)
    check("transcripts come while the call runs", server.json(f"/api/v1/calls/{carrier.call_id}")["endedAt"] is None)
    carrier.stop()
    check_recording(server, carrier, 3, "a good engine")
    wait_for("CloseStream", lambda: "CloseStream" in service.texts)
    check_forms(server, carrier)
    check("audio goes through untouched", service.audio == NETWORK.loud * 150, len(service.audio))
    interims = [event for event in heard if event["type"] == "transcript.interim"]
    check("interim results are seen live", len(interims) == 3 and all("seq" not in event for event in interims), heard)
    stored = {event["type"] for event in server.events_of(carrier.call_id)}
    check("and are not stored", "transcript.interim" not in stored and "transcript.segment" in stored, stored)


def check_forms(server, carrier):
    """The transcript in its three forms."""
    target = f"/api/v1/calls/{carrier.call_id}/transcript"
    segments = segments_of(server, carrier)
    check("segments are what was said", [segment["text"] for segment in segments] == ["second 1", "second 2", "second 3"])
    places = [(segment["startMs"], segment["endMs"]) for segment in segments]
    check("and stand on the recording's clock", places == [(100, 900), (1100, 1900), (2100, 2900)], places)
    check("and tell who said them, and how sure it is",
          all(segment["track"] == "inbound" and segment["engine"] == "deepgram" and segment["confidence"] == 0.9
              for segment in segments), segments)
    plain = server.get(target, {"Accept": "text/plain"})
    check("as plain text", plain.headers["content-type"].startswith("text/plain") and b"second 2" in plain.body, plain)
    vtt = server.get(target, {"Accept": "text/vtt"}).body.decode()
    check("as WebVTT", vtt.startswith("WEBVTT") and "00:00:01.100 --> 00:00:01.900" in vtt, vtt)
    check("and nothing else", server.get(target, {"Accept": "image/png"}, 406).status == 406)


def a_busy_engine(server, service):
    service.behave(429, "good")
    carrier = NETWORK.ring(server).open().start().speak(2)
    wait_for("segments after the refusal", lambda: len(segments_of(server, carrier)) == 2)
    check("a busy engine is tried again, and what was said meanwhile is not lost",
          texts_of(server, carrier) == ["second 1", "second 2"] and service.connections == [429, "good"])
    carrier.stop()
    check_recording(server, carrier, 2, "a busy engine")


def an_engine_that_drops_out(server, service):
    service.behave("drop", "good")
    carrier = NETWORK.ring(server).open().start().speak(1)
    wait_for("the first segment", lambda: texts_of(server, carrier) == ["second 1"])
    wait_for("a second connection", lambda: service.connections == ["drop", "good"])
    carrier.speak(1)
    wait_for("the next segment", lambda: len(segments_of(server, carrier)) == 2)
    starts = [segment["startMs"] for segment in segments_of(server, carrier)]
    check("after a reconnect, times go on on the recording's clock", starts == [100, 1100], starts)
    carrier.stop()
    check_recording(server, carrier, 2, "an engine that drops out")


def an_engine_that_refuses(server, service):
    service.behave(401)
    carrier = NETWORK.ring(server).open().start().speak(1)
    trouble = server.event(carrier.call_id, "transcript.trouble")["data"]
    check("a refused key is an event that says so", trouble["reason"] == "rejected" and "API key" in trouble["message"],
          trouble)
    check("that holds no secret", API_KEY not in json.dumps(trouble) and API_KEY not in server.log())
    carrier.speak(1).stop()
    check_recording(server, carrier, 2, "an engine that refuses")
    check("and is not tried again", service.connections == [401], service.connections)
    check("the call ends well", server.ended_call(carrier.call_id)["state"] == "ENDED")


def an_engine_that_says_nothing(server, service):
    service.behave("silent")
    carrier = NETWORK.ring(server).open().start().speak(1)
    wait_for("KeepAlive while the caller is silent", lambda: "KeepAlive" in service.texts)
    carrier.speak(1).stop()
    check_recording(server, carrier, 2, "an engine that says nothing")
    wait_for("CloseStream", lambda: "CloseStream" in service.texts)
    check("a silent engine is kept alive and closed politely", service.texts[-1] == "CloseStream", service.texts)


def an_engine_that_is_away(server, service):
    service.close()
    carrier = NETWORK.ring(server).open().start().speak(1)
    trouble = server.event(carrier.call_id, "transcript.trouble")["data"]
    check("an engine that is away is an event", trouble["reason"] == "engine_unavailable", trouble)
    carrier.speak(1).stop()
    check_recording(server, carrier, 2, "an engine that is away")


NETWORK = provider.start()
engine = FakeDeepgram(NETWORK.encoding, NETWORK.rate)
with Gateway(DEEPGRAM_API_KEY=API_KEY, DEEPGRAM_URL=engine.url, LOG_LEVEL="warn", **NETWORK.settings) as gateway:
    for scenario in (a_good_engine, a_busy_engine, an_engine_that_drops_out, an_engine_that_refuses,
                     an_engine_that_says_nothing, an_engine_that_is_away):
        together([scenario], gateway, engine)
    check("Deepgram was spoken to as it wants", engine.wrong == [], engine.wrong)
    check("the process ends with status 0", gateway.end() == 0)
done()
