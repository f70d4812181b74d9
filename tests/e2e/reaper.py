"""Calls that nobody ends are ended here and at the provider."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from carrier import Carrier  # noqa: E402
from fake_twilio import FakeTwilio  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done  # noqa: E402


def too_long():
    twilio = FakeTwilio()
    with Gateway(MAX_CALL_DURATION_S=1, REAPER_INTERVAL_S=1, TWILIO_API_URL=twilio.url, LOG_LEVEL="warn") as server:
        carrier = Carrier(server).open().start()
        server.event(carrier.call_id, "media.started")
        carrier.speak(0.2)
        call = server.ended_call(carrier.call_id)
        check("a call that goes on for too long is closed", call["endReason"] == "max-duration", call)
        check("its stream is hung up", carrier.closed_with() == 1000, carrier.socket.close_code)
        wait_for("the request to Twilio", lambda: twilio.requests)
        path, _, form = twilio.requests[0]
        check("and Twilio is asked to end it", path.endswith(f"/Calls/{carrier.voice['CallSid']}.json")
              and form == {"Status": ["completed"]}, twilio.requests)
        check("the recording is finished", server.finished_recording(carrier.call_id)["state"] == "completed")


too_long()
done()
