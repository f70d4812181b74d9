"""kill -9 in the middle of calls: after the next start the recordings play, and nothing accepted is missing.

CRASH_KILLS says how many processes are killed, with CALLS_A_KILL calls each; CRASH_SEED repeats the moments of a run."""
# Runs once for each of: twilio, acs

import contextlib
import hashlib
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Audio, Gateway, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

KILLS = int(os.environ.get("CRASH_KILLS", 10))
CALLS_A_KILL = 5
NETWORK = provider.start()
LANES = min(3, KILLS)  # data folders, each with one gateway after the other
SEED = int(os.environ.get("CRASH_SEED", random.randrange(1_000_000)))
FRAME_MS = 20
LAST_BEGIN_S = 3  # after the first call of a kill
LONGEST_WAIT_S = 2  # from when all calls of a kill are spoken to it

shortfalls = []  # ms, of every recording
not_begun = []  # ms, of calls that were cut off before their file was made: there is nothing to play


def note(text):
    print(f"# {text}", flush=True)


class CutCall(threading.Thread):
    """One call that is spoken, frame by frame at its time, until its gateway is gone."""

    def __init__(self, server, begins_after):
        super().__init__(daemon=True)
        self.server, self.begins_after = server, begins_after
        self.carrier = None
        self.failure = None
        self.sent_at = []  # of each frame: when the kernel had taken it

    def run(self):
        time.sleep(self.begins_after)
        try:
            self.carrier = NETWORK.ring(self.server).open().start()
            began = time.monotonic()
            while True:
                time.sleep(max(0.0, began + len(self.sent_at) * FRAME_MS / 1000 - time.monotonic()))
                self.carrier.speak(FRAME_MS / 1000)
                self.sent_at.append(time.monotonic())
        except OSError as failure:
            self.failure = None if self.sent_at else failure
        except Exception as failure:  # the moment of the kill waits for every call
            self.failure = failure

    def is_spoken(self):
        if self.failure:
            raise self.failure
        return bool(self.sent_at)

    def sent_ms_before(self, moment):
        return FRAME_MS * sum(at <= moment for at in self.sent_at)


def cut_off(server, dice):
    """Calls of different ages, and the moment at which their gateway was killed."""
    calls = [CutCall(server, dice.uniform(0, LAST_BEGIN_S)) for _ in range(CALLS_A_KILL)]
    wait = dice.uniform(0, LONGEST_WAIT_S)
    for call in calls:
        call.start()
    wait_for("all calls to be spoken", lambda: all(call.is_spoken() for call in calls))
    for call in calls:
        server.event(call.carrier.call_id, "media.started")
    time.sleep(wait)
    moment = time.monotonic()
    server.process.kill()
    server.process.wait()
    for call in calls:
        call.join()
    return calls, moment


def judge(server, call, moment):
    """What is wrong with the recording of a call that was cut off; and by how much it is too short, in ms."""
    row = server.finished_recording(call.carrier.call_id)
    sent_ms = call.sent_ms_before(moment)
    if row.get("failure") == "recording_missing" and sent_ms < 1000:
        not_begun.append(sent_ms)
        return [], sent_ms
    if row["state"] != "completed" or not row["recovered"]:
        return [f"the row is {row}, of {sent_ms} ms"], sent_ms
    octets = server.audio_of(row)
    audio = Audio(octets)  # raises unless the header is good
    heard_ms = round(audio.seconds * 1000)
    told = server.event(call.carrier.call_id, "recording.completed")["data"]
    wrong = []
    if not sent_ms - 1000 <= heard_ms <= FRAME_MS * (len(call.sent_at) + 1):
        wrong.append(f"{heard_ms} ms play of {sent_ms} ms that were sent")
    if len(octets) != 44 + 4 * len(audio.left):
        wrong.append(f"the header says {heard_ms} ms, the file has {len(octets)} bytes")
    if not audio.is_stereo(NETWORK.rate) or (heard_ms and audio.loud_share(0, audio.seconds) < 0.97):
        wrong.append("what plays is not what was said")
    if row["sha256"] != hashlib.sha256(octets).hexdigest() or abs(row["durationMs"] - heard_ms) > 1:
        wrong.append(f"the row is of another file: {row}")
    if not told["recovered"] or told["sha256"] != row["sha256"]:
        wrong.append(f"the log tells of another file: {told}")
    return wrong, sent_ms - heard_ms


def killed_again_and_again(lane):
    """On one data folder; each process finishes what was cut off with the one before."""
    settings = {"LOG_LEVEL": "warn", "CONNECTED_TIMEOUT_S": 1, "REAPER_INTERVAL_S": 1, **NETWORK.settings}
    dice = random.Random(f"{SEED}/{lane}")
    cut = []
    with contextlib.ExitStack() as processes:
        server = processes.enter_context(Gateway(**settings))
        for kill in range(lane, KILLS, LANES):
            calls, moment = cut_off(server, dice)
            server = processes.enter_context(Gateway(data=server.data, **settings))
            judged = [judge(server, call, moment) for call in calls]
            shortfalls.extend(shortfall for _, shortfall in judged)
            ages = ", ".join(str(call.sent_ms_before(moment)) for call in calls)
            wrong = [fault for faults, _ in judged for fault in faults]
            check(f"kill {kill + 1} of {KILLS}: recordings cut off at {ages} ms play to within a second of it",
                  not wrong, wrong)
            cut += calls
        ended = [server.ended_call(call.carrier.call_id) for call in cut]
        check(f"folder {lane + 1}: the calls are closed when nobody comes back",
              all(call["endReason"] for call in ended), ended)


def killed_at_random():
    together([lambda lane=lane: killed_again_and_again(lane) for lane in range(LANES)])
    note(f"{KILLS} kills, {len(shortfalls)} recordings, seed {SEED}: at worst {max(shortfalls, default=None)} ms are missing; "
         f"{len(not_begun)} had no file yet, of calls of {not_begun} ms")
    check("every recording was looked at", len(shortfalls) == KILLS * CALLS_A_KILL, len(shortfalls))
    check("and nearly all had begun", len(not_begun) <= len(shortfalls) / 10, not_begun)


def nothing_accepted_is_missing():
    """Callbacks answered with 2xx are there after kill -9, and the same request again is answered the same."""
    with Gateway(LOG_LEVEL="warn", **NETWORK.settings) as server:
        arrivals = [NETWORK.ring(server) for _ in range(20)]
        taken = [call.tell(call.ENDED).status for call in arrivals[:10]]
        server.process.kill()
        server.process.wait()
    with Gateway(data=server.data, PORT=server.port, LOG_LEVEL="warn", **NETWORK.settings) as server:
        calls = {call["providerCallId"]: call["state"] for call in server.json("/api/v1/calls?limit=50")["data"]}
        check("every call that was answered is there", calls.keys() == {call.id for call in arrivals}, calls)
        check("every callback that was taken has had its effect",
              all(status in (200, 204) for status in taken) and all(calls[call.id] == "ENDED" for call in arrivals[:10]), calls)
        check("the same requests get the same answers from the next process",
              all(call.repeat(server) == call.answer for call in arrivals))


together([nothing_accepted_is_missing, killed_at_random])
done()
