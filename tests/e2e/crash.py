"""kill -9 in the middle of calls: after the next start the recordings play, and nothing accepted is missing."""

import hashlib
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from carrier import Carrier  # noqa: E402
from gateway import Audio, Gateway, status_params, voice_params  # noqa: E402
from tap import check, done, together  # noqa: E402


def killed_after(seconds):
    """One call is spoken for so long, then the process is killed; checks what the next one makes of it."""
    name = f"killed after {seconds:.2f} s"
    with Gateway(LOG_LEVEL="warn") as server:
        carrier = Carrier(server).open().start()
        server.event(carrier.call_id, "media.started")
        carrier.speak(seconds, paced=True)
        carrier.socket.ping()
        server.process.kill()
        server.process.wait()
        carrier.socket.abort()
    with Gateway(data=server.data, LOG_LEVEL="warn", CONNECTED_TIMEOUT_S=1, REAPER_INTERVAL_S=1) as server:
        row = server.finished_recording(carrier.call_id)
        check(f"{name}: the row says that it was recovered", row["state"] == "completed" and row["recovered"], row)
        octets = server.audio_of(row)
        audio = Audio(octets)
        check(f"{name}: sha256 and length are the file's", row["sha256"] == hashlib.sha256(octets).hexdigest()
              and abs(row["durationMs"] / 1000 - audio.seconds) < 0.001, row)
        check(f"{name}: it plays to within a second of the kill", seconds - 1.1 <= audio.seconds <= seconds + 0.1, audio.seconds)
        check(f"{name}: what plays is what was said", audio.is_stereo_telephone()
              and audio.loud_share(0, audio.seconds) > 0.97, audio.loud_share(0, audio.seconds))
        told = server.event(carrier.call_id, "recording.completed")
        check(f"{name}: the log tells of it", told["data"]["recovered"] and told["data"]["sha256"] == row["sha256"], told)
        call = server.ended_call(carrier.call_id)
        check(f"{name}: the call is closed when nobody comes back", call["endReason"] != "", call)


def nothing_accepted_is_missing():
    """Callbacks answered with 2xx are there after kill -9, and the same request again is answered the same."""
    with Gateway(LOG_LEVEL="warn") as server:
        arrivals = [voice_params() for _ in range(20)]
        answers = [server.webhook("/webhooks/twilio/voice", params).body for params in arrivals]
        taken = [server.webhook("/webhooks/twilio/status", status_params(params, "completed", 1)).status
                 for params in arrivals[:10]]
        server.process.kill()
        server.process.wait()
    with Gateway(data=server.data, PORT=server.port, LOG_LEVEL="warn") as server:
        calls = {call["providerCallId"]: call["state"] for call in server.json("/api/v1/calls?limit=50")["data"]}
        check("every call that was answered is there", calls.keys() == {params["CallSid"] for params in arrivals}, calls)
        ended = [params["CallSid"] for params in arrivals[:10]]
        check("every callback that was taken has had its effect",
              taken == [204] * 10 and all(calls[sid] == "ENDED" for sid in ended), calls)
        again = [server.webhook("/webhooks/twilio/voice", params).body for params in arrivals]
        check("the same requests get the same documents from the next process", again == answers)


def killed_at_random():
    """The moment is in the names of the checks."""
    killed_after(random.uniform(1.3, 5))


together([nothing_accepted_is_missing] + 3 * [killed_at_random])
done()
