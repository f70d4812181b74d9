"""Who is in an ACS call speaks on a track of their own, or all on one, as the gateway asks for."""
# Runs once for each of: acs

import io
import json
import math
import os
import pathlib
import struct
import sys
import wave

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from gateway import Gateway, free_port, scratch  # noqa: E402
from tap import check, done  # noqa: E402

RATE = 16_000
CALLER, OTHER = "+14155550123", "+14155550180"
ROUTES = """
routes:
  - name: all
    transcribe: true
    record: true
"""


def voice(name, begin, end):
    """A tone from `begin` to `end`, of three seconds."""
    path = scratch() / name
    samples = [int(9000 * math.sin(2 * math.pi * 440 * i / RATE)) * (begin * RATE <= i < end * RATE)
               for i in range(3 * RATE)]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def azure(channels):
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    return {"AZURE_COMMUNICATION_CONNECTION_STRING": f"endpoint={service}/;accesskey={'A' * 43}=",
            "AZURE_COMMUNICATION_RESOURCE_ID": "11111111-2222-3333-4444-555555555555",
            "AZURE_CALLBACK_JWKS_URL": f"{service}/calling/keys", "AZURE_EVENT_GRID_DELIVERY_SECRET": "word",
            "AZURE_MEDIA_CHANNELS": channels}


def channels_of(server, recording):
    """The loudness of each channel in each second."""
    with wave.open(io.BytesIO(server.audio_of(recording))) as source:
        count, _, rate, frames, _, _ = source.getparams()
        samples = struct.unpack(f"<{frames * count}h", source.readframes(frames))
    check("the recording is wideband", rate == RATE, rate)
    return [[max(map(abs, samples[channel::count][second * rate:(second + 1) * rate])) > 5000 for second in range(3)]
            for channel in range(count)]


def call(channels):
    """One call of two who speak; the gateway, the call and its loud seconds are judged by `channels`' own checks."""
    routes = scratch() / "routes.yaml"
    routes.write_text(ROUTES)
    settings = azure(channels)
    with Gateway("--config", routes, LOG_LEVEL="warn", **settings) as server:
        simulator = server.sim("--wav", voice("caller.wav", 0, 1), "--speaker",
                               voice("other.wav", 1, 3), "--keys", "7", **settings)
        printed, _ = simulator.communicate(timeout=60)
        reports = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        check(f"{channels}: the simulator is content", simulator.returncode == 0 and len(reports) == 1, printed)
        call_id = reports[0]["callId"]
        server.ended_call(call_id)
        recording = server.finished_recording(call_id)
        server.event(call_id, "transcript.ended")
        quality = server.json(f"/api/v1/calls/{call_id}/quality")["data"]
        tracks = [event["data"] for event in server.events_of(call_id, "track.started")]
        ends = server.events_of(call_id, "transcript.ended")
        keys = [event["data"]["track"] for event in server.events_of(call_id, "dtmf.received")]
        loud = channels_of(server, recording)
        check(f"{channels}: nothing is wrong with transcription",
              not server.events_of(call_id, "transcript.trouble") and len(ends) == 1, ends)
        check(f"{channels}: the key is the caller's", keys == ["inbound"], keys)
        check(f"{channels}: row and file have the same channels", recording["channels"] == len(loud), recording)
        return tracks, {row["track"] for row in quality}, loud


tracks, measured, loud = call("unmixed")
check("it is told who is heard on which track",
      {(one["track"], one["address"]) for one in tracks} == {("inbound", CALLER), ("inbound-2", OTHER)}, tracks)
check("each track is measured", {"inbound", "inbound-2"} <= measured, measured)
check("the recording has a channel for each", len(loud) == 3, loud)
check("with their voice where they spoke", loud[0] == [True, False, False] and loud[2][1:] == [True, True], loud)

tracks, measured, loud = call("mixed")
check("a mixed stream is one track", not tracks and measured <= {"inbound", "outbound"}, (tracks, measured))
check("with all voices on the left", len(loud) == 2 and loud[0] == [True, True, True] and not any(loud[1]), loud)
done()
