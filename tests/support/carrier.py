"""Plays Twilio by hand, message by message, for what the simulator would never do."""

import base64
import json
import time
import uuid
import xml.etree.ElementTree as ElementTree

import gateway
import websocket

LOUD = base64.b64encode(bytes([0x10, 0x90] * 80)).decode()  # 20 ms of a 4 kHz square wave in mu-law


class Carrier:
    """One call: its webhooks and its media socket."""

    def __init__(self, server, call_sid=None, **params):
        self.server = server
        self.voice = gateway.voice_params(call_sid, **params)
        self.answer = server.webhook("/webhooks/twilio/voice", self.voice)
        self.twiml = ElementTree.fromstring(self.answer.body)
        stream = self.twiml.find(".//Stream")
        self.url = stream.get("url") if stream is not None else None
        self.call_id = self.url.rsplit("/", 1)[1] if self.url else None
        self.token = stream.find("Parameter[@name='token']").get("value") if stream is not None else None
        self.stream_sid = "MZ" + uuid.uuid4().hex
        self.socket = None
        self.sequence = 0
        self.frames = 0

    def open(self):
        self.socket = websocket.connect(self.url)
        self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        return self

    def start(self, token=None, call_sid=None):
        parameters = {} if token == "" else {"token": token or self.token}
        self.send_event("start", {"accountSid": gateway.ACCOUNT_SID, "streamSid": self.stream_sid,
                                  "callSid": call_sid or self.voice["CallSid"], "tracks": ["inbound"],
                                  "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                                  "customParameters": parameters})
        return self

    def speak(self, seconds, paced=False):
        """Frames that are loud; at once, or each at its time."""
        began = time.monotonic()
        for i in range(int(seconds * 50)):
            if paced:
                time.sleep(max(0.0, began + i * 0.02 - time.monotonic()))
            self.send_event("media", {"track": "inbound", "chunk": str(self.frames + 1),
                                      "timestamp": str(67 + self.frames * 20), "payload": LOUD})
            self.frames += 1
        return self

    def skip(self, seconds):
        self.frames += int(seconds * 50)

    def stop(self):
        self.send_event("stop", {"accountSid": gateway.ACCOUNT_SID, "callSid": self.voice["CallSid"]})

    def send_event(self, event, body):
        self.sequence += 1
        self.send({"event": event, "sequenceNumber": str(self.sequence), event: body, "streamSid": self.stream_sid})

    def send(self, message):
        self.socket.send_text(json.dumps(message))

    def closed_with(self):
        """The code with which the gateway closes the socket, whatever it says before."""
        while self.socket.receive() is not None:
            pass
        return self.socket.close_code

    def status(self, status, sequence=0, **more):
        return self.server.webhook("/webhooks/twilio/status",
                                   gateway.status_params(self.voice, status, sequence, **more))
