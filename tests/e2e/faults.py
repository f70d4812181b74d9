"""Twenty calls and more at once, each misbehaving in some way: right states, whole recordings, every event once and in order."""
# Runs once for each of: twilio, acs

import hashlib
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Audio, Gateway, tone, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

SPOKEN = 3.0  # seconds
CALLS = {"none": 5, "duplicate": 3, "reorder": 3, "drop": 3, "half-close": 2, "slow-reader": 2, "no-stop": 2}
ACS = provider.name() == "acs"
if ACS:
    CALLS |= {"expired-token": 2, "throttled": 2}
# Why media ended. Azure has no word for the end of a stream: it closes the socket, and opens it again when it broke.
CAUSES = {"half-close": ["closed", "closed"] if ACS else ["closed"], "no-stop": ["provider-status"]}
USUAL = ["closed"] if ACS else ["stop"]
RATE = 16000 if ACS else 8000
# The share of the caller's audio that must have arrived; what the fault loses is the fault's doing.
LEAST = {"drop": 0.8}


def place_calls(server, audio):
    """All at once; returns (fault, report) a call."""
    faults = [fault for fault, count in CALLS.items() for _ in range(count)]
    simulator = server.sim("--fault", ",".join(faults), "--wav", audio, "--count", len(faults), "--rate", 50)
    printed, _ = simulator.communicate(timeout=60)
    reports = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    check("the simulator is content", simulator.returncode == 0, printed)
    check("there was every call", sorted(report.get("fault", "failed") for report in reports) == sorted(faults), printed)
    return [(report["fault"], report) for report in reports]


def finished_recordings(server, call_id, count):
    def probe():
        rows = server.json(f"/api/v1/calls/{call_id}/recordings")["data"]
        return rows if len(rows) == count and all(row["state"] != "recording" for row in rows) else None

    return sorted(wait_for(f"{count} recordings of {call_id}", probe), key=lambda row: row["recordingId"])


def check_call(server, fault, report):
    name = f"{fault} {report['callId'][-6:]}"
    call = server.ended_call(report["callId"])
    check(f"{name} is ENDED", call["state"] == "ENDED" and call["endReason"], call)
    causes = CAUSES.get(fault, USUAL)
    media = wait_for("media.ended", lambda: len(server.events_of(call["callId"], "media.ended")) >= len(causes)
                     and server.events_of(call["callId"], "media.ended"))
    check(f"{name} tells why its media ended", [event["data"]["cause"] for event in media] == causes, media)
    rows = finished_recordings(server, call["callId"], len(causes))
    audios = [check_recording(server, f"{name}, recording {place}", row) for place, row in enumerate(rows, 1)]
    check_sound(fault, name, audios)


def check_recording(server, name, row):
    check(f"{name} is finished", row["state"] == "completed" and not row["recovered"], row)
    octets = server.audio_of(row)
    check(f"{name}: size and sha256 of the row are the file's",
          row["sha256"] == hashlib.sha256(octets).hexdigest() and row["sizeBytes"] == len(octets), row)
    audio = Audio(octets)
    check(f"{name} plays in stereo, as the line is", audio.is_stereo(RATE), vars(audio).keys())
    check(f"{name}: row and file agree on the length", abs(row["durationMs"] / 1000 - audio.seconds) < 0.001, row)
    return audio


def check_sound(fault, name, audios):
    """What the caller said is all there, and a second or more of silence before somebody hangs up; unless the line broke in
    the middle, and then, by Azure, what came after it is in a second recording."""
    broken = fault == "half-close"
    spoken = SPOKEN / 2 if broken else SPOKEN
    least, most = (spoken - 0.1, spoken + 0.5) if broken else (spoken + 0.8, spoken + 3)
    check(f"{name} lasts as long as the call", least <= audios[0].seconds <= most, audios[0].seconds)
    heard = audios[0].loud_share(0, spoken - 0.1)
    check(f"{name} has what the caller said", heard >= LEAST.get(fault, 0.97), heard)
    for audio in audios[1:]:
        missed = SPOKEN - spoken - audio.loud_share(0, audio.seconds) * audio.seconds
        check(f"{name} goes on soon after the line broke", missed < 1, missed)


def check_log(server):
    """The whole log by WebSocket, beside each call's own by REST; late transcripts may still come behind `last`."""
    calls = [call["callId"] for call in server.json("/api/v1/calls?limit=200")["data"]]
    last = max(event["seq"] for call in calls for event in server.events_of(call))
    own = {call: [event for event in server.events_of(call) if event["seq"] <= last] for call in calls}
    follower = server.socket("/api/v1/events?after=0")
    replayed = [json.loads(follower.receive_text())]
    while replayed[-1]["seq"] < last:
        replayed.append(json.loads(follower.receive_text()))
    sequence = [event["seq"] for event in replayed]
    check("the replay is in order, each event once", sequence == sorted(set(sequence)), sequence)
    check("and is all that happened", len(replayed) == sum(map(len, own.values())), len(replayed))
    whole = [call for call in calls if [event["version"] for event in own[call]] == list(range(1, len(own[call]) + 1))]
    check("no call's log has a gap", whole == calls, set(calls) - set(whole))
    same = [call for call in calls if [event for event in replayed if event["callId"] == call] == own[call]]
    check("replay and REST agree", same == calls, set(calls) - set(same))
    middle = sequence[len(sequence) // 2]
    rest = server.socket(f"/api/v1/events?after={middle}&types=call.*")
    wanted = [event["seq"] for event in replayed if event["seq"] > middle and event["type"].startswith("call.")]
    got = [json.loads(rest.receive_text())["seq"] for _ in wanted]
    check("a follower that comes back gets what it missed, of the types it wants", got == wanted, got)
    follower.close()
    rest.close()


def check_ranges(server, report):
    row = server.finished_recording(report["callId"])
    target = f"/api/v1/media-recordings/{row['recordingId']}/audio"
    whole, size = server.get(target), row["sizeBytes"]
    check("audio says that it takes ranges", whole.headers.get("accept-ranges") == "bytes", whole.headers)
    for asked, begin, end in (("0-43", 0, 44), ("100-", 100, size), ("-500", size - 500, size), (f"44-{size + 9}", 44, size)):
        part = server.get(target, {"Range": f"bytes={asked}"}, 206)
        right = part.body == whole.body[begin:end] and part.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        check(f"bytes={asked} gives that part", right, part.headers)
    beyond = server.get(target, {"Range": f"bytes={size}-"}, 416)
    check("a range beyond the end is a 416 that tells the size", beyond.headers.get("content-range") == f"bytes */{size}")
    head = server.request("HEAD", target, token=server.admin)
    check("HEAD tells the size", head.status == 200 and head.headers["content-length"] == str(size) and not head.body, head)


with Gateway(LOG_LEVEL="warn", MEDIA_IDLE_TIMEOUT_MS=8000, **provider.simulated()) as gateway:
    reports = place_calls(gateway, tone(SPOKEN))
    together([lambda pair=pair: check_call(gateway, *pair) for pair in reports])
    check_log(gateway)
    check_ranges(gateway, reports[0][1])
    check("nothing is active any more", gateway.json("/api/metrics")["calls"]["active"] == 0)
    check("it ends with status 0", gateway.end() == 0)
done()
