"""Azure Communication Services: calls come by Event Grid, are answered by a command, told of by callbacks with a token, and
heard on a WebSocket in JSON, PCM of 16 kHz."""

import base64
import datetime
import json
import os
import threading
import uuid

import gateway
import provider
import websocket
from fake_acs import FakeAcs
from webhook_load import Webhook

EVENTS = "/webhooks/azure/events"
SECRET = "the-secret-of-the-event-subscription"
ENDS = ((200, 7000),) * 7 + ((603, 8538), (486, 8539), (408, 8586))  # code and subCode
LOUD = bytes([0x00, 0x20, 0x00, 0xE0] * 160)  # 20 ms of an 8 kHz square wave
TOPIC = ("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Communication/"
         "communicationServices/tests")


def simulated():
    """The simulator brings the service, too, and listens where the gateway looks for it."""
    origin = f"http://127.0.0.1:{gateway.free_port()}"
    return {"AZURE_COMMUNICATION_CONNECTION_STRING": f"endpoint={origin}/;accesskey={base64.b64encode(os.urandom(32)).decode()}",
            "AZURE_COMMUNICATION_RESOURCE_ID": str(uuid.uuid4()), "AZURE_CALLBACK_JWKS_URL": f"{origin}/calling/keys",
            "AZURE_EVENT_GRID_DELIVERY_SECRET": SECRET}


def timestamp(moment=None):
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def moment(index, second):
    """Of a call in a load: a time long ago."""
    return timestamp(datetime.datetime.fromtimestamp(1_790_000_000 + index + second, datetime.timezone.utc))


def phone(number):
    return {"kind": "phoneNumber", "rawId": f"4:{number}", "phoneNumber": {"value": number}}


def notification(kind, subject, data):
    """One event by Event Grid's schema."""
    return {"id": str(uuid.uuid4()), "topic": TOPIC, "subject": subject, "data": data, "eventType": f"Microsoft.{kind}",
            "eventTime": timestamp(), "metadataVersion": "1", "dataVersion": "1.0"}


class Provider(provider.Provider):
    name = "acs"
    rate = 16000
    encoding = "linear16"
    loud = LOUD
    media_is_the_call = False
    answers_by_command = True
    tells_duration = False
    remark = "sip.X-MS-Custom-City"
    first_state, asked_state = "CONNECTING", "CONNECTED"
    arrivals = EVENTS
    effects_beside = ("answered",)
    dated = ("azure-events",)
    webhook_kinds = {"arrival": "azure-events", "status": "azure-events"}
    nonsense = ('{"kind":7}', '{"kind":"UnheardOf"}', '{"kind":"AudioData"}', '{"kind":"AudioData","audioData":{"data":7}}',
                '{"kind":"AudioData","audioData":{"data":"AA=="}}', '{"kind":"DtmfData","dtmfData":{"data":"thirteen"}}')
    ignored = {"before-metadata": 10, "invalid-json": 2, "malformed": 4, "unknown-kind": 1, "bad-payload": 2}

    def __init__(self):
        self.api = FakeAcs()
        self.settings = {"AZURE_COMMUNICATION_CONNECTION_STRING": self.api.connection_string,
                         "AZURE_COMMUNICATION_RESOURCE_ID": self.api.resource_id,
                         "AZURE_CALLBACK_JWKS_URL": self.api.jwks_url, "AZURE_EVENT_GRID_DELIVERY_SECRET": SECRET}
        self.token = self.api.token()  # good for five minutes
        self.lock = threading.Lock()
        self.calls = {}  # by index

    def call(self, **more):
        return Call(self, **more)

    def webhooks_of(self, index):
        """A callback has no address before its call was answered."""
        with self.lock:
            if index not in self.calls:
                self.calls[index] = Call(self, name=f"call {index}")
        call = self.calls[index]
        call.arrival |= {"id": f"arrival-{index}", "eventTime": moment(index, 0)}
        headers = {"Content-Type": "application/json", "aeg-event-type": "Notification", "X-Event-Grid-Secret": SECRET}
        arrival = EVENTS, json.dumps([call.arrival]), headers
        code, sub_code = ENDS[index % len(ENDS)]
        words = [call.word(call.CONNECTED, id=f"connected-{index}", time=moment(index, 1)) if code == 200 else None,
                 call.word(call.ENDED, id=f"ended-{index}", time=moment(index, 8),
                           resultInformation={"code": code, "subCode": sub_code, "message": "As it is."})]
        return [Webhook(call.id, "", lambda: arrival, lambda body: frozenset(call.line.answers))] + [
            Webhook(call.id, word["type"].rpartition(".")[2], lambda word=word: call.callback(word)) for word in words if word]

    def fail_with(self, status):
        self.api.status, self.api.retry_after = status, 60

    def conclude(self, call, duration):
        call.line.state = "disconnected"

    def forget(self, call):
        call.line.state = "gone"

    def questions(self, call=None):
        return sum(line.questions for line in ([call.line] if call else self.api.lines))

    def complaints(self):
        return self.api.wrong

    @staticmethod
    def deliver(server, events, secret=SECRET, **headers):
        """As Event Grid does."""
        given = {"Content-Type": "application/json; charset=utf-8", "aeg-event-type": "Notification",
                 "aeg-subscription-name": "CALLS", "aeg-delivery-count": "0", "aeg-metadata-version": "1"}
        given |= {"X-Event-Grid-Secret": secret} if secret else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = events if isinstance(events, (bytes, str)) else json.dumps(events)
        return server.request("POST", EVENTS, body, given)

    def call_back(self, server, target, events, token=None, **headers):
        """As Call Automation does."""
        given = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8",
                 "Authorization": f"Bearer {token or self.token}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return server.request("POST", target, json.dumps(events), given)


class Call(provider.Call):
    STEPS = CONNECTED, ENDED = "CallConnected", "CallDisconnected"

    def __init__(self, network, caller="+14155550123", called="+14155550199", remark=None, name=None):
        super().__init__(network)
        self.line = network.api.line(name)
        self.id = self.line.correlation_id
        self.caller = phone(caller)
        headers = {"X-MS-Custom-City": remark} if remark else {}
        self.arrival = notification("Communication.IncomingCall", f"/caller/4:{caller}/recipient/4:{called}", {
            "to": phone(called), "from": self.caller, "serverCallId": self.line.server_call_id, "callerDisplayName": "",
            "customContext": {"sipHeaders": headers, "voipHeaders": {}}, "incomingCallContext": self.line.context,
            "correlationId": self.id})
        self.subscription = str(uuid.uuid4())
        self.first = None  # when its audio began

    def arrive(self, server, forged=False, **headers):
        return self.provider.deliver(server, [self.arrival], "another secret" if forged else SECRET, **headers)

    def malformed(self, server):
        return self.provider.deliver(server, [{"id": "1", "data": 7}])

    def read(self, reply):
        self.refusal = self.line.reject_reason
        if self.line.setup:
            self.url = self.line.setup["mediaStreamingOptions"]["transportUrl"]
            self.token = self.url.partition("?token=")[2]
        return reply.status, frozenset(self.line.answers), self.refusal

    def word(self, step, **more):
        """A callback: one CloudEvent. `more` takes the place of its own members, and of those of its data."""
        source = f"calling/callConnections/{self.line.connection_id}"
        result = {"code": 200, "subCode": 7000 if step == self.ENDED else 0, "message": "As it should be."}
        data = {"callConnectionId": self.line.connection_id, "serverCallId": self.line.server_call_id, "correlationId": self.id,
                "resultInformation": result}
        event = {"id": str(uuid.uuid4()), "source": source, "subject": source, "type": f"Microsoft.Communication.{step}",
                 "time": timestamp(), "specversion": "1.0", "datacontenttype": "application/json"}
        own = {name: value for name, value in more.items() if name in event}
        return event | own | {"data": data | {name: value for name, value in more.items() if name not in event}}

    def callback(self, word):
        """A callback's path, body and headers; nothing before the call is answered."""
        setup = self.line.setup
        if not setup:
            return None
        word["data"]["operationContext"] = setup["operationContext"]
        headers = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8",
                   "Authorization": f"Bearer {self.provider.token}"}
        return self.callback_target, json.dumps([word]), headers

    def send_word(self, word, via=None):
        path, body, headers = self.callback(word)
        return (via or self.server).request("POST", path, body, headers)

    @property
    def callback_target(self):
        return "/" + self.line.setup["callbackUri"].split("/", 3)[3]

    def open(self, token=None):
        self.socket = websocket.connect(self.url, self.upgrade_headers(token))
        return self

    def upgrade_headers(self, token=None):
        return {"Authorization": f"Bearer {token or self.provider.token}", "x-ms-call-connection-id": self.line.connection_id,
                "x-ms-call-correlation-id": self.id}

    def start(self, **more):
        self.first = datetime.datetime.now(datetime.timezone.utc)
        self.send("AudioMetadata", {"subscriptionId": self.subscription, "encoding": "PCM", "sampleRate": 16000, "channels": 1,
                                    "length": len(LOUD)} | more)
        return self

    def start_otherwise(self):
        """Other metadata than those that were."""
        return self.start(subscriptionId=str(uuid.uuid4()))

    def nested_start(self, depth):
        return '{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":' + "[" * depth + "]" * depth + "}}"

    def turned_away(self, token):
        address = self.url.partition("?")[0] + (f"?token={token}" if token else "")
        return self.refused(address, self.upgrade_headers()) in (401, 403)

    def send_frame(self, payload=None):
        begun = self.first or datetime.datetime.now(datetime.timezone.utc)
        at = begun + datetime.timedelta(milliseconds=self.frames * provider.FRAME_MS)
        audio = {"timestamp": timestamp(at), "data": payload or base64.b64encode(LOUD).decode(), "silent": False}
        if self.line.setup["mediaStreamingOptions"]["audioChannelType"] == "unmixed":
            audio["participantRawID"] = self.caller["rawId"]
        self.send("AudioData", audio)

    def press(self, key):
        self.send("DtmfData", {"data": key})

    def stop(self):
        self.socket.close()
        self.tell(self.ENDED)

    def hang_ups(self):
        return self.line.terminations

    def send(self, kind, body):
        self.socket.send_text(json.dumps({"kind": kind, kind[0].lower() + kind[1:]: body}))
