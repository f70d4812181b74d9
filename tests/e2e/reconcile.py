"""Callbacks that never came: the provider is asked, and both sides agree."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from fake_twilio import FakeTwilio  # noqa: E402
from gateway import Gateway, run, status_params, voice_params, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

OFTEN = {"RECONCILE_INTERVAL_S": 1, "RECONCILE_AFTER_S": 1, "LOG_LEVEL": "info"}


def figure(gateway, result):
    name = f'trunkline_reconciled_total{{result="{result}"}} '
    lines = gateway.get("/metrics").body.decode().splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0)


def arrive(gateway, twilio=None, **there):
    """One call, and how it stands at Twilio; its webhook, and its id here."""
    voice = voice_params()
    if there:
        twilio.calls[voice["CallSid"]] = there
    gateway.webhook("/webhooks/twilio/voice", voice)
    calls = gateway.json("/api/v1/calls?limit=50")["data"]
    return voice, next(call["callId"] for call in calls if call["providerCallId"] == voice["CallSid"])


def lost_callbacks():
    twilio = FakeTwilio()
    with Gateway(TWILIO_API_URL=twilio.url, **OFTEN) as gateway:
        over, over_id = arrive(gateway, twilio, status="completed", duration="42")
        _, rings_id = arrive(gateway, twilio, status="ringing")
        _, unknown_id = arrive(gateway)
        call = gateway.ended_call(over_id)
        check("a call whose end was never told is ended by Twilio's account of it",
              (call["state"], call["duration"], call["endReason"]) == ("ENDED", 42, "completed"), call)
        told = [event for event in gateway.events_of(over_id, "call.status") if event["data"].get("reconciled")]
        check("by one event", len(told) == 1, told)
        call = gateway.ended_call(unknown_id)
        check("one that Twilio does not know is closed", (call["state"], call["endReason"])
              == ("FAILED", "unknown-to-provider"), call)
        wait_for("a call that lives to be asked about again", lambda: figure(gateway, "alive") >= 2)
        check("and left alone", gateway.json(f"/api/v1/calls/{rings_id}")["state"] == "RINGING")
        asked = sum(over["CallSid"] in path for path in twilio.questions)
        check("what is settled is not asked about again", asked == 1, twilio.questions)
        late = gateway.webhook("/webhooks/twilio/status", status_params(over, "completed", 3, CallDuration="42"))
        check("a callback that comes late changes nothing", late.status == 204
              and gateway.json(f"/api/v1/calls/{over_id}")["duration"] == 42)
        verdict = run("verify", DATA_DIR=gateway.data)
        check("all agrees, as `trunkline verify` finds beside the gateway",
              verdict.returncode == 0 and "all agree" in verdict.stdout, verdict)
        check("which goes on, and ends in order", gateway.end() == 0)
        verdict = run("verify", DATA_DIR=gateway.data)
        check("and all agrees", verdict.returncode == 0 and "all agree" in verdict.stdout, verdict)


def goes_on_there():
    """What the reaper ends here, and Twilio was not reached to end, is ended there later."""
    twilio = FakeTwilio(status=500)
    with Gateway(TWILIO_API_URL=twilio.url, CONNECTED_TIMEOUT_S=1, REAPER_INTERVAL_S=1, **OFTEN) as gateway:
        voice, call_id = arrive(gateway, twilio, status="in-progress")
        gateway.webhook("/webhooks/twilio/status", status_params(voice, "in-progress", 1))
        call = gateway.ended_call(call_id)
        check("a call that is silent is ended here", call["endReason"] == "timeout-no-media", call)
        wait_for("Twilio to have failed", lambda: "a stale call was not hung up" in gateway.log())
        wait_for("that to be counted", lambda: figure(gateway, "error") >= 1)
        twilio.status = 200
        wait_for("the call to be hung up there", lambda: figure(gateway, "hung_up") >= 1)
        path, _, form = twilio.requests[-1]
        check("the call is ended there as well", voice["CallSid"] in path and form == {"Status": ["completed"]},
              twilio.requests)
        call = gateway.call_with(call_id, lambda found: found["endReason"] == "completed")
        check("and then Twilio's word about it counts", call["state"] == "ENDED", call)


def asks_for_less():
    twilio = FakeTwilio(status=429)
    with Gateway(TWILIO_API_URL=twilio.url, **OFTEN) as gateway:
        for _ in range(8):
            arrive(gateway)
        wait_for("Twilio to ask for less", lambda: figure(gateway, "rate_limited") >= 1)
        check("after that no more than what was under way is asked", len(twilio.questions) <= 4, twilio.questions)


def not_configured():
    twilio = FakeTwilio()
    with Gateway(TWILIO_API_URL=twilio.url, TWILIO_ACCOUNT_SID=None, CONNECTED_TIMEOUT_S=1, RINGING_TIMEOUT_S=3,
                 REAPER_INTERVAL_S=1, **OFTEN) as gateway:
        _, call_id = arrive(gateway)
        call = gateway.ended_call(call_id)
        check("without an account nobody is asked, and nothing said", call["endReason"] == "timeout-ringing"
              and not twilio.questions and "reconciled" not in gateway.log(), (call, twilio.questions))


together([lost_callbacks, goes_on_there, asks_for_less, not_configured])
done()
