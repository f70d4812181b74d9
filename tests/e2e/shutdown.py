"""The end of a process while the disk is slow: it is orderly, and nothing accepted is missing after it."""
# Runs once for each of: twilio, acs

import concurrent.futures
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, scratch, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402


def slow_disk():
    """Builds what slows a disk down."""
    library = scratch() / "slow_disk.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE / "tests" / "support" / "slow_disk.c", "-ldl"],
                   check=True)
    return library


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def ended_with_calls_waiting(library, disk_ms):
    """Requests that wait for their commit when the signal comes are answered, or were never accepted."""
    name = f"a disk that takes {disk_ms} ms"
    with Gateway(LOG_LEVEL="warn", DRAIN_TIMEOUT_S=0, LD_PRELOAD=library, SLOW_DISK_MS=disk_ms, **NETWORK.settings) as server:
        arrivals = [NETWORK.call() for _ in range(20)]
        before = open_files(server)
        with concurrent.futures.ThreadPoolExecutor(len(arrivals)) as pool:
            answers = [pool.submit(call.ring, server) for call in arrivals]
            wait_for("all of them to be there", lambda: open_files(server) >= before + len(arrivals))
            status = server.end()
            concurrent.futures.wait(answers)
        accepted = {call.id for call in arrivals if call.taken}
        check(f"{name}: the process ends well with requests waiting", status == 0, f"{status}\n{server.log()}")
    with Gateway(data=server.data, LOG_LEVEL="warn", **NETWORK.settings) as server:
        known = {call["providerCallId"] for call in server.json("/api/v1/calls?limit=50")["data"]}
        check(f"{name}: every call that was answered is there", accepted <= known, (accepted, known))


def ended_with_calls_running(library):
    """Recordings are finished, and their rows and events agree afterwards."""
    with Gateway(LOG_LEVEL="warn", DRAIN_TIMEOUT_S=0, LD_PRELOAD=library, SLOW_DISK_MS=300, **NETWORK.settings) as server:
        carriers = [NETWORK.ring(server).open().start() for _ in range(5)]
        for carrier in carriers:
            server.event(carrier.call_id, "media.started")
            carrier.speak(1)
        status = server.end()
        check("the process ends well with calls running", status == 0, f"{status}\n{server.log()}")
    with Gateway(data=server.data, LOG_LEVEL="warn", **NETWORK.settings) as server:
        for carrier in carriers:
            row = server.finished_recording(carrier.call_id)
            told = server.event(carrier.call_id, "recording.completed")
            check("a recording's row and its event agree",
                  row["state"] == "completed" and told["data"]["sha256"] == row["sha256"], (row, told))


def drain_keeps_its_promises():
    """A call that was answered before the signal gets its stream after it."""
    with Gateway(LOG_LEVEL="info", DRAIN_TIMEOUT_S=30, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server)
        server.signal()
        wait_for("the drain", lambda: server.request("GET", "/readyz").status == 503)
        check("while draining, the same request gets the same answer", carrier.repeat() == carrier.answer, carrier.answer)
        other = NETWORK.ring(server)
        check("while draining, a new call is refused", other.refusal == "busy" and not other.taken, other.answer)
        carrier.open().start()
        server.event(carrier.call_id, "media.started")
        carrier.speak(0.5)
        carrier.stop()
        check("and the process ends when the call is over", server.process.wait(30) == 0, server.log())


NETWORK = provider.start()
library = slow_disk()


def requests_wait_a_little():
    ended_with_calls_waiting(library, 300)


def requests_wait_long():
    ended_with_calls_waiting(library, 2600)


def calls_run():
    ended_with_calls_running(library)


together([requests_wait_a_little, requests_wait_long, calls_run, drain_keeps_its_promises])
done()
