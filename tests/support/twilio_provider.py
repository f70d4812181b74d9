"""Twilio: webhooks as forms with a signature, TwiML that comes back, the media stream in mu-law."""

import base64
import email.utils
import hashlib
import json
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

import gateway
import provider
import websocket
from fake_twilio import FakeTwilio
from webhook_load import PUBLIC_URL, Webhook

LOUD = bytes([0x10, 0x90] * 80)  # 20 ms of a 4 kHz square wave in mu-law


ENDS = (("completed", {"CallDuration": "7"}),) * 7 + (("busy", {}), ("no-answer", {}), ("failed", {}))


def simulated():
    return {}


def webhook_of(path, params, effect, token):
    """`token` is what Twilio repeats with each try."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
               "X-Twilio-Signature": gateway.sign(PUBLIC_URL + path, params)}
    request = path, urllib.parse.urlencode(params), headers | ({"I-Twilio-Idempotency-Token": token} if token else {})
    return Webhook(params["CallSid"], effect, lambda: request, None if effect else lambda body: body)


class Provider(provider.Provider):
    name = "twilio"
    rate = 8000
    encoding = "mulaw"
    loud = LOUD
    remark = "FromCity"
    first_state = asked_state = "RINGING"
    arrivals = "/webhooks/twilio/voice"
    webhook_kinds = {"arrival": "voice", "status": "status"}
    dated = ("status", "stream")
    nonsense = ('{"event":7}', '{"event":"unheard-of"}', '{"event":"media"}',
                '{"event":"media","streamSid":"MZ0","media":{"payload":"AAAA"}}')
    ignored = {"before-start": 10, "invalid-json": 2, "malformed": 1, "unknown-event": 1, "wrong-stream": 1, "bad-payload": 1}

    def __init__(self):
        self.api = FakeTwilio()
        self.settings = {"TWILIO_API_URL": self.api.url}

    def call(self, **more):
        return Call(self, **more)

    @staticmethod
    def webhooks_of(index):
        sid = "CA" + hashlib.md5(str(index).encode()).hexdigest()
        common = {"CallSid": sid, "AccountSid": gateway.ACCOUNT_SID, "ApiVersion": "2010-04-01", "From": "+14155550123",
                  "To": "+14155550199", "Direction": "inbound"}
        steps = [("ringing", {}), ("in-progress", {}), ENDS[index % len(ENDS)]]
        arrival = common | {"CallStatus": "ringing"}
        found = [webhook_of("/webhooks/twilio/voice", arrival, "", f"{sid}-voice" if index % 2 else "")]
        for number, (word, extra) in enumerate(steps):
            params = common | {"CallStatus": word, "CallbackSource": "call-progress-events", "SequenceNumber": str(number),
                               "Timestamp": email.utils.formatdate(1_790_000_000 + index + number), **extra}
            found.append(webhook_of("/webhooks/twilio/status", params, word, f"{sid}-{number}" if index % 2 else ""))
        return found

    def fail_with(self, status):
        self.api.status = status

    def conclude(self, call, duration):
        self.api.calls[call.id] = {"status": "completed", "duration": str(duration)}

    def forget(self, call):
        del self.api.calls[call.id]

    def questions(self, call=None):
        return sum(call is None or call.id in path for path in self.api.questions)

    def complaints(self):
        return []


class Call(provider.Call):
    STEPS = RINGING, CONNECTED, ENDED = "ringing", "in-progress", "completed"

    def __init__(self, network, caller="+14155550123", called="+14155550199", remark=None, call_id=None):
        super().__init__(network)
        more = {network.remark: remark} if remark else {}
        self.voice = gateway.voice_params(call_id, From=caller, To=called, **more)
        self.id = self.voice["CallSid"]
        self.twiml = None
        self.stream_sid = "MZ" + uuid.uuid4().hex
        self.sequence = 0
        self.told = 0

    def arrive(self, server, forged=False, **headers):
        self.provider.api.calls.setdefault(self.id, {"status": "ringing"})
        return server.webhook("/webhooks/twilio/voice", self.voice, "forged" if forged else None, **headers)

    def malformed(self, server):
        return server.webhook("/webhooks/twilio/status", self.voice | {"CallStatus": "unheard-of"})

    def read(self, reply):
        if reply.status == 200:
            self.twiml = ElementTree.fromstring(reply.body)
            stream, reject = self.twiml.find(".//Stream"), self.twiml.find("Reject")
            self.refusal = None if reject is None else reject.get("reason", "rejected")
            if stream is not None:
                self.url = stream.get("url")
                self.token = stream.find("Parameter[@name='token']").get("value")
        return reply.status, reply.headers["content-type"], reply.body

    def word(self, step, **more):
        self.told += 1
        return gateway.status_params(self.voice, step, self.told, **more)

    def send_word(self, word, via=None):
        return (via or self.server).webhook("/webhooks/twilio/status", word)

    def open(self):
        self.socket = websocket.connect(self.url)
        self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        return self

    def start(self, token=None, call_id=None):
        parameters = {} if token == "" else {"token": token or self.token}
        self.send_event("start", {"accountSid": gateway.ACCOUNT_SID, "streamSid": self.stream_sid,
                                  "callSid": call_id or self.id, "tracks": ["inbound"],
                                  "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                                  "customParameters": parameters})
        return self

    start_otherwise = start  # once more, which nobody may

    def nested_start(self, depth):
        """A start that nests without end."""
        text = json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZx", "start": {
            "streamSid": "MZx", "callSid": self.id, "customParameters": {"x": "nested"}}})
        return text.replace('"nested"', "[" * depth + "]" * depth)

    def turned_away(self, token):
        return self.open().start(token=token).closed_with() == 1008

    def send_frame(self, payload=None):
        self.send_event("media", {"track": "inbound", "chunk": str(self.frames + 1), "timestamp": str(67 + self.frames * 20),
                                  "payload": payload or base64.b64encode(LOUD).decode()})

    def skip(self, seconds):
        super().skip(seconds)
        self.sequence += 50

    def press(self, key):
        self.send_event("dtmf", {"track": "inbound_track", "digit": key})

    def stop(self):
        self.send_event("stop", {"accountSid": gateway.ACCOUNT_SID, "callSid": self.id})

    def hang_ups(self):
        wanted = (f"/2010-04-01/Accounts/{gateway.ACCOUNT_SID}/Calls/{self.id}.json",
                  f"{gateway.ACCOUNT_SID}:{gateway.AUTH_TOKEN}", {"Status": ["completed"]})
        return self.provider.api.requests.count(wanted)

    def send_event(self, event, body):
        self.sequence += 1
        self.send({"event": event, "sequenceNumber": str(self.sequence), event: body, "streamSid": self.stream_sid})

    def send(self, message):
        self.socket.send_text(json.dumps(message))
