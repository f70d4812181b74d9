"""Azure Communication Services for tests, as far as recordings need it: answers a call, keeps files for whoever signs for
them as the SDK does, and sends Event Grid's events."""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import threading
import time
import uuid

SECRET = "a-secret-of-event-grid"
RESOURCE = "11111111-2222-3333-4444-555555555555"
Asked = collections.namedtuple("Asked", "method path range status")


def settings_of(url, key=b"k" * 32, **more):
    """What a gateway is told of a service there."""
    return {"AZURE_COMMUNICATION_CONNECTION_STRING": f"endpoint={url}/;accesskey={base64.b64encode(key).decode()}",
            "AZURE_COMMUNICATION_RESOURCE_ID": RESOURCE, "AZURE_CALLBACK_JWKS_URL": f"{url}/calling/keys",
            "AZURE_EVENT_GRID_DELIVERY_SECRET": SECRET, **more}


class FakeAcsFiles:
    """`files` has the bytes of documents by their ids; `script` the ways in which the next requests for files are answered:
    404, 429, 302 (to `elsewhere`), "cut", or a function that is called before a good answer. `asked` is what came."""

    def __init__(self):
        self.key = b"k" * 32
        self.files, self.script, self.asked, self.faults = {}, [], [], []
        self.elsewhere = ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if not self.path.startswith("/calling/callConnections:answer"):
                    return self.answer(204)
                self.answer(200, json.dumps(outer.connection).encode())

            def do_GET(self):
                if not self.path.startswith("/v1/objects/"):
                    return self.answer(200, b'{"keys":[]}')
                self.about_files(lambda document: self.give(outer.files[document]))

            def do_DELETE(self):
                self.about_files(lambda document: outer.files.pop(document) and self.answer(200))

            def about_files(self, act):
                document = self.path.split("?")[0].split("/")[3]
                fault = outer.fault_of(self.command, self.path, self.headers)
                if fault:
                    outer.faults.append(fault)
                    return self.answer(401)
                todo = outer.script.pop(0) if outer.script else None
                if todo == 429:
                    return self.answer(429, b"{}", {"Retry-After": "1"})
                if todo == 302:
                    return self.answer(302, b"", {"Location": outer.elsewhere})
                if isinstance(todo, int) or document not in outer.files:
                    return self.answer(todo or 404, b'{"status":404,"message":"no"}')
                if callable(todo):
                    todo()
                self.cut = todo == "cut"
                act(document)

            def give(self, whole):
                asked = self.headers.get("Range")
                if not asked:
                    return self.answer(200, whole)
                first, last = (int(number) for number in asked.removeprefix("bytes=").split("-"))
                part = whole[first:last + 1]
                self.answer(206, part, {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(whole)}"})

            def answer(self, status, body=b"", headers=None):
                outer.asked.append(Asked(self.command, self.path, self.headers.get("Range"), status))
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if getattr(self, "cut", False):
                    body, self.close_connection = body[:len(body) // 2], True
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # who asked has gone

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def connection(self):
        return {"callConnectionId": "connection", "serverCallId": "server-call", "callConnectionState": "connecting",
                "correlationId": "correlation"}

    def settings(self, **more):
        return settings_of(self.url, self.key, RECORDING_FETCH_RETRY_S=1, **more)

    def fault_of(self, method, path, headers):
        """What is wrong with the signature: it is for the path without its query, at the resource's own host."""
        content = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        signed = f"{method}\n{path.split('?')[0]}\n{headers.get('x-ms-date')};{self.host};{content}"
        good = base64.b64encode(hmac.new(self.key, signed.encode(), hashlib.sha256).digest()).decode()
        wanted = f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={good}"
        if headers.get("x-ms-host") != self.host:
            return f"x-ms-host is {headers.get('x-ms-host')}"
        if headers.get("Host") != self.host:
            return f"Host is {headers.get('Host')}"
        return "" if headers.get("Authorization") == wanted else "the signature is wrong"

    def downloads(self):
        return [one for one in self.asked if one.path.startswith("/v1/objects/") and one.method == "GET"]

    def event(self, gateway, kind, subject, data, event_id=None):
        event = {"id": event_id or str(uuid.uuid4()), "topic": "/subscriptions/1", "subject": subject, "data": data,
                 "eventType": f"Microsoft.Communication.{kind}", "dataVersion": "1.0", "metadataVersion": "1",
                 "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        return gateway.request("POST", "/webhooks/azure/events", json.dumps([event]),
                               {"Content-Type": "application/json", "aeg-event-type": "Notification",
                                "X-Event-Grid-Secret": SECRET})

    def call(self, gateway):
        """A call that comes in and is answered; its id."""
        def phone(number):
            return {"kind": "phoneNumber", "rawId": f"4:{number}", "phoneNumber": {"value": number}}

        came = self.event(gateway, "IncomingCall", "/caller/a/recipient/b", {
            "from": phone("+14155550123"), "to": phone("+14155550199"), "serverCallId": "server-call",
            "incomingCallContext": "context", "correlationId": "correlation", "callerDisplayName": ""})
        if came.status != 200:
            raise AssertionError(f"the call was not taken: {came}")
        return gateway.json("/api/v1/calls")["data"][0]["callId"]

    def recorded(self, gateway, *documents, format="Wav", host=None, event_id=None, **more):
        """Tells of a recording with these files."""
        chunks = []
        for index, document in enumerate(documents):
            place = f"{host or self.url}/v1/objects/{document}"
            chunks.append({"documentId": document, "index": index, "endReason": "SessionEnded",
                           "contentLocation": f"{place}/content/audio?code=a-secret-of-the-storage",
                           "metadataLocation": f"{place}/content/acsmetadata", "deleteLocation": place})
        subject = "/recording/call/correlation/serverCallId/server-call/recordingId/recording"
        return self.event(gateway, "RecordingFileStatusUpdated", subject, {
            "recordingStorageInfo": {"recordingChunks": chunks}, "recordingStartTime": "2026-11-20T12:01:10Z",
            "recordingDurationMs": 1500, "recordingContentType": "Audio", "recordingChannelType": "Mixed",
            "recordingFormatType": format, "sessionEndReason": "CallEnded", **more}, event_id)
