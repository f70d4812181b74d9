"""What Twilio alone has: signatures by account, tokens that are good for one stream, callbacks about streams."""

import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from gateway import ACCOUNT_SID, AUTH_TOKEN, Gateway, sign, voice_params  # noqa: E402
from tap import check, done, together  # noqa: E402
import provider  # noqa: E402
import websocket  # noqa: E402

SUB_ACCOUNT_TOKEN = "fedcba9876543210"


def tokens(server):
    stranger = NETWORK.ring(server).open().start(call_id="CA" + "9" * 32)
    check("a token is bound to its CallSid", stranger.closed_with() == 1008, stranger.socket.close_code)

    first = NETWORK.ring(server).open().start().speak(0.1)
    server.event(first.call_id, "media.started")
    thief = NETWORK.ring(server, call_id=first.id).open().start()
    check("a used token closes with 1008", thief.closed_with() == 1008, thief.socket.close_code)
    first.speak(0.5).stop()
    check("and the call that used it goes on", server.finished_recording(first.call_id)["durationMs"] == 600)


def upgrade_signature(server):
    call = NETWORK.ring(server)
    right = sign(call.url, {})
    websocket.connect(call.url, {"X-Twilio-Signature": right}).close()
    forged = call.refused(call.url, {"X-Twilio-Signature": right[:-3] + "xx="})
    check("a forged upgrade is refused with 403", forged == 403, forged)


def sub_account(server):
    """Twilio signs with the sub-account's own token, which is listed too; its SID is not the configured one."""
    path, params = "/webhooks/twilio/voice", voice_params(AccountSid="AC" + "5" * 32)
    refused = server.webhook(path, params, signature=sign(server.origin + path, params, "not-listed"))
    check("a sub-account whose token is not listed is refused", refused.status == 403, refused)
    taken = server.webhook(path, params, signature=sign(server.origin + path, params, SUB_ACCOUNT_TOKEN))
    check("one whose token is listed is taken", taken.status == 200, taken)
    call_id = re.search(r"/media/twilio/(\w+)", taken.body.decode())[1]
    metadata = server.json(f"/api/v1/calls/{call_id}")["metadata"]
    check("and its account is kept", metadata["AccountSid"] == params["AccountSid"], metadata)


def stream_callbacks(server):
    """Twilio's word about a stream counts for that stream alone."""
    call = NETWORK.ring(server).open().start().speak(0.2)
    server.event(call.call_id, "media.started")
    word = {"AccountSid": ACCOUNT_SID, "CallSid": call.id}
    other = server.webhook("/webhooks/twilio/stream", word | {"StreamSid": "MZ" + "8" * 32, "StreamEvent": "stream-stopped"})
    call.speak(0.2)
    failed = {"StreamSid": call.stream_sid, "StreamEvent": "stream-error", "StreamError": "31921"}
    mine = server.webhook("/webhooks/twilio/stream", word | failed)
    check("stream callbacks are taken", (other.status, mine.status) == (204, 204), (other, mine))
    check("a failed stream is closed", call.closed_with() == 1000, call.socket.close_code)
    check("with its own cause, and not with another stream",
          server.ended_call(call.call_id)["endReason"] == "stream-error"
          and server.finished_recording(call.call_id)["durationMs"] == 400)
    trouble = server.event(call.call_id, "media.trouble")["data"]
    check("what Twilio said of it is kept", trouble["message"] == "31921", trouble)
    check("it ends once", len(server.events_of(call.call_id, "media.ended")) == 1)


def no_account():
    """Calls are taken without one: only asking about them needs it."""
    with Gateway(TWILIO_ACCOUNT_SID=None, CONNECTED_TIMEOUT_S=1, RINGING_TIMEOUT_S=3, REAPER_INTERVAL_S=1,
                 RECONCILE_INTERVAL_S=1, RECONCILE_AFTER_S=1, **NETWORK.settings) as server:
        ended = server.ended_call(NETWORK.ring(server).call_id)
        check("without an account nobody is asked, and nothing said", ended["endReason"] == "timeout-ringing"
              and not NETWORK.api.questions and "reconciled" not in server.log(), (ended, NETWORK.api.questions))


NETWORK = provider.start()
with Gateway(LOG_LEVEL="warn", TWILIO_AUTH_TOKEN=f"{AUTH_TOKEN},{SUB_ACCOUNT_TOKEN}", **NETWORK.settings) as gateway:
    together([tokens, upgrade_signature, sub_account, stream_callbacks], gateway)
    check("it ends with status 0", gateway.end() == 0)
no_account()
done()
