"""Starts Trunkline on 127.0.0.1 with a scratch data folder, and talks to it as its clients do."""

import base64
import collections
import contextlib
import datetime
import email.utils
import hashlib
import hmac
import http.client
import io
import json
import math
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse
import uuid
import wave

import provider
import websocket

BINARY = os.environ["TRUNKLINE_BIN"]
SOURCE = pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"])
JWT_SECRET = "a secret that is used by tests alone"
ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
RATE = 8000  # Hz, of telephone audio
PATIENCE = 60  # seconds; a busy machine may take many for what takes milliseconds

Reply = collections.namedtuple("Reply", "status headers body")  # header names in lower case


def wait_for(what, probe, seconds=PATIENCE):
    """Asks until `probe` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def free_port():
    """One below those that the kernel gives to outgoing connections, so that none takes it before the gateway does."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def make_jwt(roles=("admin",), secret=JWT_SECRET, header=None, **claims):
    """An HS256 token by hand; a claim that is None is left out."""
    now = int(time.time())
    body = {"sub": "e2e", "roles": list(roles), "iat": now, "exp": now + 600, **claims}
    parts = [header or {"alg": "HS256", "typ": "JWT"}, {name: value for name, value in body.items() if value is not None}]
    signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return signed + "." + base64url(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def sign(url, params, token=AUTH_TOKEN):
    """X-Twilio-Signature: HMAC-SHA1 over the address and the parameters, sorted, in Base64."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def environment(**settings):
    """What a process started by a test knows: nothing of its surroundings but where programs are."""
    kept = ("PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        name: str(value) for name, value in settings.items() if value is not None}


def scratch():
    return pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))


def run(*arguments, timeout=60, **settings):
    """Runs one command of the binary to its end."""
    return subprocess.run([BINARY, *arguments], env=environment(**settings), capture_output=True, text=True,
                          timeout=timeout)


def tone(seconds, path=None):
    """A WAV that is loud everywhere: 8 kHz, mono."""
    path = path or scratch() / "tone.wav"
    samples = [int(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(int(seconds * RATE))]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


class Audio:
    """A recording, read as any player would."""

    def __init__(self, octets):
        with wave.open(io.BytesIO(octets)) as source:
            self.channels, width, self.rate, frames, _, _ = source.getparams()
            samples = struct.unpack(f"<{frames * self.channels}h", source.readframes(frames))
        self.bits = width * 8
        self.left, self.right = samples[0::self.channels], samples[1::self.channels]
        self.seconds = frames / self.rate

    def is_stereo(self, rate=RATE):
        return (self.channels, self.rate, self.bits) == (2, rate, 16)

    def loud_share(self, begin, end):
        """How much of the caller's side between two times (seconds) is loud, in steps of 20 ms."""
        size = self.rate // 50
        steps = [self.left[i:i + size] for i in range(int(begin * self.rate), int(end * self.rate) - size + 1, size)]
        return sum(max(map(abs, step)) > 1000 for step in steps) / max(1, len(steps))


class Gateway:
    """One running process. A context manager: whatever happens, it is ended."""

    def __init__(self, *arguments, data=None, ready=True, **settings):
        self.port = int(settings.pop("PORT", 0)) or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.data = pathlib.Path(data or scratch())
        self.admin = make_jwt()
        self.settings = {"HOST": "127.0.0.1", "PORT": self.port, "PUBLIC_URL": self.origin, "DATA_DIR": self.data,
                         "JWT_SECRET": JWT_SECRET, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
                         **settings}
        self.log_path = scratch() / "trunkline.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([BINARY, "serve", *arguments], env=environment(**self.settings),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if ready:
            self.wait_until_ready()

    def wait_until_ready(self):
        try:
            wait_for("readiness", self.is_ready)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"ended with {self.process.returncode}\n{self.log()}")
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def end(self, seconds=PATIENCE):
        """SIGTERM, and the exit status."""
        self.signal()
        return self.process.wait(seconds)

    def request(self, method, target, body=None, headers=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            bearer = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request(method, target, body, bearer | (headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, target, headers=None, status=200):
        """As admin; raises unless the status is what it should be."""
        reply = self.request("GET", target, headers=headers, token=self.admin)
        if reply.status != status:
            raise AssertionError(f"GET {target}: {reply.status}, not {status}: {reply.body[:300]!r}")
        return reply

    def json(self, target):
        return json.loads(self.get(target).body)

    def webhook(self, path, params, signature=None, **headers):
        given = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                 "X-Twilio-Signature": signature or sign(self.settings["PUBLIC_URL"] + path, params)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, urllib.parse.urlencode(params), given)

    def socket(self, target):
        return websocket.connect(f"ws://127.0.0.1:{self.port}{target}", {"Authorization": f"Bearer {self.admin}"})

    def sim(self, *arguments, **settings):
        """Starts `trunkline sim call` against this gateway, by the provider of this run; see provider.simulated()."""
        command = [BINARY, "sim", "call", "--json", "--provider", provider.name(), "--target", self.origin,
                   *map(str, arguments)]
        azure = {name: value for name, value in self.settings.items() if name.startswith("AZURE_")}
        known = {"TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, **azure, **settings}
        return subprocess.Popen(command, env=environment(**known), text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def call_with(self, call_id, holds, seconds=PATIENCE):
        """The call, once `holds` says yes to it."""
        def probe():
            call = self.json(f"/api/v1/calls/{call_id}")
            return call if holds(call) else None

        return wait_for(f"{call_id} to be as wanted", probe, seconds)

    def ended_call(self, call_id, seconds=PATIENCE):
        return self.call_with(call_id, lambda call: call["endedAt"], seconds)

    def events_of(self, call_id, kind=None):
        events = self.json(f"/api/v1/calls/{call_id}/events")["data"]
        return [event for event in events if kind in (None, event["type"])]

    def event(self, call_id, kind, seconds=PATIENCE):
        """The call's first event of a kind, once it is there."""
        return wait_for(f"{kind} of {call_id}", lambda: self.events_of(call_id, kind), seconds)[0]

    def finished_recording(self, call_id, seconds=PATIENCE):
        """The row of the call's one recording, once it is no longer written."""
        def probe():
            rows = self.json(f"/api/v1/calls/{call_id}/recordings")["data"]
            return rows[0] if rows and rows[0]["state"] != "recording" else None

        return wait_for(f"the recording of {call_id}", probe, seconds)

    def audio_of(self, recording):
        return self.get(f"/api/v1/media-recordings/{recording['recordingId']}/audio").body


def voice_params(call_sid=None, **more):
    """What Twilio posts when a call comes in."""
    return {"CallSid": call_sid or "CA" + uuid.uuid4().hex, "AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01",
            "From": "+14155550123", "To": "+14155550199", "CallStatus": "ringing", "Direction": "inbound", **more}


def status_params(voice, status, sequence=0, **more):
    sent = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc))
    return voice | {"CallStatus": status, "CallbackSource": "call-progress-events", "SequenceNumber": str(sequence),
                    "Timestamp": sent, **more}
