"""Calls that nobody ends are ended here and at the provider."""
# Runs once for each of: twilio, acs

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done  # noqa: E402


def too_long():
    network = provider.start()
    with Gateway(MAX_CALL_DURATION_S=1, REAPER_INTERVAL_S=1, LOG_LEVEL="warn", **network.settings) as server:
        carrier = network.ring(server).open().start()
        server.event(carrier.call_id, "media.started")
        carrier.speak(0.2)
        call = server.ended_call(carrier.call_id)
        check("a call that goes on for too long is closed", call["endReason"] == "max-duration", call)
        check("its stream is hung up", carrier.closed_with() == 1000, carrier.socket.close_code)
        wait_for("the provider to be asked to end it", lambda: carrier.hang_ups() == 1)
        check("as its API wants it", not network.complaints(), network.complaints())
        check("the recording is finished", server.finished_recording(carrier.call_id)["state"] == "completed")


too_long()
done()
