"""Callbacks that never came: the provider is asked, and both sides agree."""
# Runs once for each of: twilio, acs

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, run, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

OFTEN = {"RECONCILE_INTERVAL_S": 1, "RECONCILE_AFTER_S": 1, "LOG_LEVEL": "info"}


def figure(gateway, result):
    name = f'trunkline_reconciled_total{{result="{result}"}} '
    lines = gateway.get("/metrics").body.decode().splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0)


def lost_callbacks():
    network = provider.start()
    with Gateway(**network.settings, **OFTEN) as gateway:
        over, rings, unknown = (network.ring(gateway) for _ in range(3))
        network.conclude(over, duration=42)
        network.forget(unknown)
        call = gateway.ended_call(over.call_id)
        check("a call whose end was never told is ended by the provider's account of it",
              (call["state"], call["endReason"]) == ("ENDED", "completed"), call)
        check("with what it tells of the duration", call["duration"] == 42 or not network.tells_duration, call)
        told = [event for event in gateway.events_of(over.call_id, "call.status") if event["data"].get("reconciled")]
        check("by one event", len(told) == 1, told)
        lost = gateway.ended_call(unknown.call_id)
        check("one that the provider does not know is closed", (lost["state"], lost["endReason"])
              == ("FAILED", "unknown-to-provider"), lost)
        wait_for("a call that lives to be asked about again", lambda: figure(gateway, "alive") >= 2)
        check("and left alone", gateway.json(f"/api/v1/calls/{rings.call_id}")["state"] == network.asked_state)
        check("what is settled is not asked about again", network.questions(over) == 1, network.questions(over))
        late = over.tell(over.ENDED)
        check("a callback that comes late changes nothing", late.status in (200, 204)
              and gateway.json(f"/api/v1/calls/{over.call_id}")["duration"] == call["duration"], late)
        verdict = run("verify", DATA_DIR=gateway.data)
        check("all agrees, as `trunkline verify` finds beside the gateway",
              verdict.returncode == 0 and "all agree" in verdict.stdout, verdict)
        check("which goes on, and ends in order", gateway.end() == 0)
        verdict = run("verify", DATA_DIR=gateway.data)
        check("and all agrees", verdict.returncode == 0 and "all agree" in verdict.stdout, verdict)
        check("the provider was spoken to as it wants", not network.complaints(), network.complaints())


def goes_on_there():
    """What the reaper ends here, and the provider was not reached to end, is ended there later."""
    network = provider.start()
    with Gateway(CONNECTED_TIMEOUT_S=1, REAPER_INTERVAL_S=1, **network.settings, **OFTEN) as gateway:
        lasting = network.ring(gateway)
        network.fail_with(500)
        lasting.tell(lasting.CONNECTED)
        call = gateway.ended_call(lasting.call_id)
        check("a call that is silent is ended here", call["endReason"] == "timeout-no-media", call)
        wait_for("the provider to have failed", lambda: "a stale call was not hung up" in gateway.log())
        wait_for("that to be counted", lambda: figure(gateway, "error") >= 1)
        network.fail_with(200)
        wait_for("the call to be hung up there", lambda: figure(gateway, "hung_up") >= 1)
        check("the call is ended there as well", lasting.hang_ups() >= 1, network.complaints())
        call = gateway.call_with(lasting.call_id, lambda found: found["endReason"] == "completed")
        check("and then the provider's word about it counts", call["state"] == "ENDED", call)


def asks_for_less():
    network = provider.start()
    with Gateway(**network.settings, **OFTEN) as gateway:
        for _ in range(8):
            network.ring(gateway)
        asked = network.questions()
        network.fail_with(429)
        wait_for("the provider to ask for less", lambda: figure(gateway, "rate_limited") >= 1)
        check("after that no more than what was under way is asked", network.questions() - asked <= 4,
              (asked, network.questions()))


together([lost_callbacks, goes_on_there, asks_for_less])
done()
