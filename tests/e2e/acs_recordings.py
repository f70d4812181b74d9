"""Recordings that Azure Communication Services made come into the library, whatever happens on the way."""

import hashlib
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import postgres  # noqa: E402
from fake_acs_files import FakeAcsFiles, settings_of  # noqa: E402
from gateway import PATIENCE, Gateway, free_port, run, tone, wait_for  # noqa: E402
from tap import check, done, skip, together  # noqa: E402


POSTGRES = os.environ.get("TRUNKLINE_TEST_POSTGRES")
LARGE = b"RIFF\0\0\0\0WAVE" + b"w" * 9_000_000  # which takes three requests


def unfinished(gateway):
    """Files on their way into a gateway's library."""
    return list((gateway.data / "recordings" / ".incoming").glob("*"))


def sound(seconds=1):
    return tone(seconds).read_bytes()


def of_call(gateway, call_id):
    return gateway.json(f"/api/v1/calls/{call_id}/recordings")["data"]


def fetched(gateway, call_id, count=1):
    """The recordings that came from the provider, once that is settled."""
    def settled():
        rows = [row for row in of_call(gateway, call_id) if row["source"] == "acs"]
        return rows if len(rows) == count and all(row["state"] != "recording" for row in rows) else None
    return wait_for("a recording to be settled", settled)


def audio(gateway, row, **headers):
    return gateway.get(f"/api/v1/media-recordings/{row['recordingId']}/audio", headers, 206 if headers else 200)


def figure(gateway, outcome):
    name = f'trunkline_recording_fetches_total{{outcome="{outcome}"}} '
    lines = gateway.get("/metrics").body.decode().splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0)


def secrets_are_kept(gateway, call_id):
    events = str(gateway.events_of(call_id))
    return "a-secret-of-the-storage" not in events + gateway.log() and "/v1/objects/" not in events


def one_file():
    acs = FakeAcsFiles()
    acs.files["doc-a"] = sound()
    with Gateway(**acs.settings()) as gateway:
        call_id = acs.call(gateway)
        first = acs.recorded(gateway, "doc-a", event_id="one")
        again = acs.recorded(gateway, "doc-a", event_id="one")
        row = fetched(gateway, call_id)[0]
        other = acs.recorded(gateway, "doc-a", event_id="another")
        check("a word about a file is acknowledged", {first.status, again.status, other.status} == {200}, first)
        check("the file is in the library", (row["state"], row["format"], row["durationMs"], row["channels"], row["part"])
              == ("completed", "wav", 1000, 1, 0), row)
        check("with its digest and size", (row["sha256"], row["sizeBytes"])
              == (hashlib.sha256(acs.files["doc-a"]).hexdigest(), len(acs.files["doc-a"])), row)
        reply = audio(gateway, row)
        check("and is served byte for byte", reply.body == acs.files["doc-a"]
              and reply.headers["content-type"] == "audio/wav", reply.headers)
        check("also in parts", audio(gateway, row, Range="bytes=100-199").body == acs.files["doc-a"][100:200])
        check("the event, told three times, has the file fetched once",
              len(acs.downloads()) == 1 and len(of_call(gateway, call_id)) == 1, acs.asked)
        started = gateway.events_of(call_id, "recording.started")
        completed = gateway.events_of(call_id, "recording.completed")
        check("one event says that it is on its way, one that it is here", len(started) == len(completed) == 1
              and {event["data"]["recordingId"] for event in started + completed} == {row["recordingId"]}
              and {event["data"]["providerRecordingId"] for event in started + completed} == {"recording"}, completed)
        check("nobody is told where it was", secrets_are_kept(gateway, call_id))
        check("it is left at the provider", "doc-a" in acs.files and figure(gateway, "fetched") == 1)
        check("every request was signed as it should be", not acs.faults, acs.faults)
        verdict = run("verify", DATA_DIR=gateway.data)
        check("all agrees, as `trunkline verify` finds", verdict.returncode == 0, verdict)
        check("the gateway ends in order", gateway.end() == 0)


def several_files_and_formats():
    acs = FakeAcsFiles()
    acs.files |= {"doc-a": b"ID3" + b"m" * 9_000_000, "doc-b": b"\xff\xfb" + b"n" * 5000}
    with Gateway(**acs.settings(AZURE_DELETE_FETCHED_RECORDINGS="true")) as gateway:
        call_id = acs.call(gateway)
        kept = dict(acs.files)
        acs.recorded(gateway, "doc-a", "doc-b", format="Mp3")
        rows = fetched(gateway, call_id, 2)
        check("each of several files is a recording, in their order", [row["part"] for row in rows] == [0, 1], rows)
        check("as they are", [audio(gateway, row).body for row in rows] == [kept["doc-a"], kept["doc-b"]])
        check("and says what it is", audio(gateway, rows[0]).headers["content-type"] == "audio/mpeg"
              and rows[0]["channels"] is None, rows)
        check("a large one comes in parts", [one.range for one in acs.downloads() if "doc-a" in one.path]
              == ["bytes=0-4194303", "bytes=4194304-8388607", "bytes=8388608-12582911"], acs.downloads())
        wait_for("both to be removed there", lambda: not acs.files)
        check("where that is wanted they are removed at the provider", figure(gateway, "removed") == 2)


def misbehaving():
    acs = FakeAcsFiles()
    acs.files |= {"doc-a": sound(2)}
    acs.script = [404, 429, "cut", 503]
    with Gateway(**acs.settings()) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a")
        row = fetched(gateway, call_id)[0]
        check("a file that is not there at first, comes slowly and breaks off is fetched in the end",
              row["state"] == "completed" and audio(gateway, row).body == acs.files["doc-a"], row)
        check("as often as it took", [one.status for one in acs.downloads()] == [404, 429, 206, 503, 206], acs.asked)


def given_up():
    acs = FakeAcsFiles()
    with Gateway(**acs.settings(RECORDING_FETCH_ATTEMPTS=2)) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-gone")
        row = fetched(gateway, call_id)[0]
        check("a file that never comes has failed", (row["state"], row["failure"], row["sha256"])
              == ("failed", "recording_gone", None), row)
        failed = gateway.events_of(call_id, "recording.failed")
        check("and an event says why", len(failed) == 1 and failed[0]["data"]["reason"] == "recording_gone", failed)
        check("after a bounded number of attempts", len(acs.downloads()) == 2 and figure(gateway, "failed") == 1)
        gateway.get(f"/api/v1/media-recordings/{row['recordingId']}/audio", status=410)


def stranger():
    acs, evil = FakeAcsFiles(), FakeAcsFiles()
    evil.files["doc-a"] = acs.files["doc-b"] = sound()
    acs.script, acs.elsewhere = [302], f"{evil.url}/v1/objects/doc-a/content/audio"
    with Gateway(**acs.settings(AZURE_RECORDING_HOSTS="recordings.example")) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a", host=evil.url)
        row = fetched(gateway, call_id)[0]
        check("nothing is fetched from a host that is not allowed", (row["state"], row["failure"])
              == ("failed", "recording_url_refused"), row)
        acs.recorded(gateway, "doc-b")
        row = fetched(gateway, call_id, 2)[1]
        check("nor from one that an allowed one sends us to", row["failure"] == "recording_url_refused"
              and len(acs.downloads()) == 1, row)
        check("neither was asked for anything", not evil.asked, evil.asked)
        check("which the log and the event say", evil.host in str(gateway.events_of(call_id, "recording.failed"))
              and secrets_are_kept(gateway, call_id))


def too_large():
    acs = FakeAcsFiles()
    acs.files["doc-a"] = b"RIFF" + b"\0" * 2_000_000
    with Gateway(**acs.settings(AZURE_RECORDING_MAX_MB=1)) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a")
        row = fetched(gateway, call_id)[0]
        check("a file that is too large has failed at once", row["failure"] == "recording_too_large"
              and len(acs.downloads()) == 1, row)


def killed_in_the_middle():
    acs = FakeAcsFiles()
    acs.files["doc-a"] = LARGE
    middle, goes_on = threading.Event(), threading.Event()

    def hold():
        middle.set()
        goes_on.wait(PATIENCE)

    acs.script = [None, hold]
    with Gateway(**acs.settings()) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a", event_id="one")
        check("a fetch is under way", middle.wait(PATIENCE))
        check("with a file that has no name yet", len(unfinished(gateway)) == 1 and of_call(gateway, call_id)[0]["state"]
              == "recording")
        gateway.process.kill()
        gateway.process.wait()
    goes_on.set()
    with Gateway(data=gateway.data, PORT=gateway.port, **acs.settings()) as gateway:
        again = acs.recorded(gateway, "doc-a", event_id="one")
        row = fetched(gateway, call_id)[0]
        check("the next process fetches it to its end", row["state"] == "completed" and row["recovered"] is False
              and audio(gateway, row).body == acs.files["doc-a"], row)
        check("once, although it is told of it again", again.status == 200 and len(of_call(gateway, call_id)) == 1
              and len(gateway.events_of(call_id, "recording.completed")) == 1)
        check("and leaves nothing behind", not unfinished(gateway))


def ended_in_the_middle():
    acs = FakeAcsFiles()
    acs.files["doc-a"] = LARGE
    middle, goes_on = threading.Event(), threading.Event()

    def hold():
        middle.set()
        goes_on.wait(PATIENCE)

    acs.script = [hold]
    with Gateway(**acs.settings()) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a")
        middle.wait(PATIENCE)
        gateway.signal()
        goes_on.set()
        check("a gateway ends in order while it fetches", gateway.process.wait(PATIENCE) == 0)
    with Gateway(data=gateway.data, PORT=gateway.port, **acs.settings()) as gateway:
        row = fetched(gateway, call_id)[0]
        check("and the next one goes on", row["state"] == "completed" and audio(gateway, row).body == acs.files["doc-a"], row)


def on_two_nodes():
    if not POSTGRES:
        return skip("two nodes fetch each file once", "no Postgres")
    acs = FakeAcsFiles()
    names = [f"doc-{number}" for number in range(8)]
    acs.files |= {name: sound() + name.encode() for name in names}
    both = acs.settings(DATABASE_URL=postgres.database_on(POSTGRES))
    with Gateway(**both) as one, Gateway(**both) as other:
        call_id = acs.call(one)
        told = [acs.recorded(node, *names, event_id="one") for node in (one, other)]
        rows = fetched(other, call_id, len(names))
        check("two nodes fetch each file once", all(reply.status == 200 for reply in told)
              and sorted(one.path for one in acs.downloads()) == sorted({one.path for one in acs.downloads()})
              and all(row["state"] == "completed" for row in rows), acs.asked)
        middle, goes_on = threading.Event(), threading.Event()

        def hold():
            middle.set()
            goes_on.wait(PATIENCE)

        acs.files["doc-late"], acs.script = LARGE, [None, hold]
        acs.recorded(one, "doc-late")
        middle.wait(PATIENCE)
        busy, idle = (one, other) if unfinished(one) else (other, one)
        busy.process.kill()
        busy.process.wait()
        goes_on.set()
        row = next(row for row in fetched(idle, call_id, len(names) + 1) if row["sizeBytes"] == len(LARGE))
        check("one takes over what the other died over", row["state"] == "completed"
              and audio(idle, row).body == acs.files["doc-late"], row)


def not_wanted():
    acs = FakeAcsFiles()
    acs.files["doc-a"] = sound()
    with Gateway(**acs.settings(AZURE_FETCH_RECORDINGS="false")) as gateway:
        call_id = acs.call(gateway)
        acs.recorded(gateway, "doc-a")
        told = gateway.events_of(call_id, "recording.completed")
        check("where recordings are not fetched, an event tells of them at once", len(told) == 1
              and told[0]["data"]["url"] == f"{acs.url}/v1/objects/doc-a/content/audio"
              and not of_call(gateway, call_id) and not acs.downloads(), told)


def simulated(fault):
    """By the service that `trunkline sim` plays."""
    file = tone(1)
    settings = settings_of(f"http://127.0.0.1:{free_port()}")
    with Gateway(AZURE_DELETE_FETCHED_RECORDINGS="true", RECORDING_FETCH_RETRY_S=1, **settings) as gateway:
        placed = run("sim", "call", "--json", "--provider", "acs", "--target", gateway.origin, "--no-media",
                     "--server-recording", str(file), "--recording-fault", fault, timeout=120, **settings)
        call_id = gateway.json("/api/v1/calls")["data"][0]["callId"]
        row = fetched(gateway, call_id)[0]
        check(f"a simulated service's recording is fetched ({fault})", placed.returncode == 0
              and audio(gateway, row).body == file.read_bytes(), (placed, row))
        wait_for("it to be removed there", lambda: figure(gateway, "removed") == 1)


def simulated_in_order():
    simulated("none")


def simulated_missing():
    simulated("missing")


def simulated_throttled():
    simulated("throttled")


def simulated_cut():
    simulated("cut")


together([one_file, several_files_and_formats, misbehaving, given_up, stranger, too_large, killed_in_the_middle,
          ended_in_the_middle, on_two_nodes, not_wanted])
together([simulated_in_order, simulated_missing, simulated_throttled, simulated_cut])
done()
