"""A Deepgram for tests: live transcription v1 on its real wire format, strict about what it is sent.

Every half second of audio brings an interim result, every whole second a final one: "second 1", "second 2", and so on.
"""

import collections
import json
import socket
import threading
import urllib.parse

import websocket

API_KEY = "deepgram-key-of-the-tests"
REASONS = {401: "Unauthorized", 429: "Too Many Requests", 503: "Service Unavailable"}


class FakeDeepgram:
    """Serves until close(), and notes what it was sent: `encoding` is mulaw or linear16, `rate` is in Hz."""

    def __init__(self, encoding="mulaw", rate=8000):
        self.expected = {"encoding": [encoding], "sample_rate": [str(rate)], "channels": ["1"], "interim_results": ["true"]}
        self.bytes_a_second = rate * (2 if encoding == "linear16" else 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.wrong = []  # what Deepgram would not have taken
        self.behave("good")
        threading.Thread(target=self._serve, daemon=True).start()

    def behave(self, *behaviour):
        """From now on, one for each connection in turn and the last for all that follow: "good", "silent" (takes audio,
        says nothing), "drop" (1011 after a second of audio), or an HTTP status to refuse with. Notes begin anew."""
        with self.lock:
            self.behaviour = collections.deque(behaviour)
            self.connections = []  # the behaviour that each had
            self.audio = b""       # of all connections
            self.texts = []        # types of text messages, in order

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # close() alone would not wake who waits in accept()
        self.listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as reader:
            first, headers = websocket.read_head(reader)
            self._check(first, headers)
            with self.lock:
                behaviour = self.behaviour.popleft() if len(self.behaviour) > 1 else self.behaviour[0]
                self.connections.append(behaviour)
            if isinstance(behaviour, int):
                connection.sendall(f"HTTP/1.1 {behaviour} {REASONS[behaviour]}\r\nContent-Length: 0\r\n"
                                   "Connection: close\r\n\r\n".encode())
                return
            try:
                Session(self, websocket.accept(connection, reader, headers), behaviour).run()
            except OSError:
                pass  # the gateway was killed or had enough

    def _check(self, first, headers):
        method, target, _ = first.split()
        parts = urllib.parse.urlsplit(target)
        query = urllib.parse.parse_qs(parts.query)
        if method != "GET" or parts.path != "/v1/listen":
            self.wrong.append(f"{method} {parts.path}")
        if headers.get("authorization") != f"Token {API_KEY}":
            self.wrong.append("Authorization")
        self.wrong += [name for name, value in self.expected.items() if query.get(name) != value]
        if not query.get("model"):
            self.wrong.append("model")


class Session:
    """One connection's audio and what is said about it."""

    def __init__(self, service, socket_, behaviour):
        self.service = service
        self.socket = socket_
        self.behaviour = behaviour
        self.received = 0
        self.told = 0  # half seconds

    def run(self):
        while (message := self.socket.receive()) is not None:
            opcode, payload = message
            if opcode == websocket.BINARY:
                if not self.take_audio(payload):
                    return
            elif not self.take_text(json.loads(payload)["type"]):
                return

    def take_audio(self, payload):
        if not payload:
            self.service.wrong.append("an empty binary message")
        with self.service.lock:
            self.service.audio += payload
        self.received += len(payload)
        while self.behaviour != "silent" and self.received >= (self.told + 1) * self.service.bytes_a_second / 2:
            self.told += 1
            self.result(final=self.told % 2 == 0)
        if self.behaviour == "drop" and self.received >= self.service.bytes_a_second:
            self.socket.close(1011)
            return False
        return True

    def take_text(self, kind):
        with self.service.lock:
            self.service.texts.append(kind)
        if kind not in ("KeepAlive", "Finalize", "CloseStream"):
            self.service.wrong.append(f"message {kind}")
        if kind == "CloseStream":
            self.say({"type": "Metadata", "request_id": "fake", "sha256": "", "created": "2026-01-01T00:00:00Z",
                      "duration": self.received / self.service.bytes_a_second, "channels": 1})
            self.socket.close(1000)
            return False
        return True

    def result(self, final):
        second = (self.told - 1) // 2
        text = f"second {second + 1}" if final else "sec"
        end = self.told / 2
        words = [{"word": text, "start": second + 0.1, "end": end - 0.1, "confidence": 0.9}]
        self.say({"type": "Results", "channel_index": [0, 1], "duration": end - second, "start": float(second),
                  "is_final": final, "speech_final": final,
                  "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]},
                  "metadata": {"request_id": "fake"}})

    def say(self, message):
        self.socket.send_text(json.dumps(message))
