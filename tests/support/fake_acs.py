"""Azure's Call Automation REST API for tests, as far as Trunkline calls it while calls come in: answer, reject, get, terminate,
and the keys that tokens are checked with. Takes only what is signed with its access key, as the service describes it."""

import base64
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import re
import threading
import time
import urllib.parse
import uuid

import rs256

ISSUER = "https://acscallautomation.communication.azure.com"
SKEW = 300  # seconds that a request's date may be off
STALE = "Invalid request: lifetime validation of the signed http request failed."
SIGNED = re.compile(r"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=(\S+)")


def failure(status, code, message):
    return status, {"error": {"code": code, "message": message}}


class Line:
    """A call, as the service knows it. The same name makes the same ids."""

    def __init__(self, name=None):
        name = name or str(uuid.uuid4())
        self.context = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + rs256.base64url(hashlib.sha512(name.encode()).digest()) + "."
        self.correlation_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"correlation {name}"))
        self.server_call_id = base64.b64encode(f"https://calls.invalid/conv/{self.correlation_id}".encode()).decode()
        self.connection_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"connection {name}"))  # once it is answered
        self.state = "ringing"
        self.answers = set()  # the requests that answered it: (id that is the same when it comes again, body)
        self.setup = None  # the last of them
        self.reject_reason = None
        self.throttled = 0  # answers that are refused with 429 yet
        self.terminations = 0
        self.questions = 0


class FakeAcs:
    """Any thread. `status` is for what comes after a call was answered: 200 as it should be."""

    def __init__(self):
        self.status = 200
        self.retry_after = None
        self.key = os.urandom(32)
        self.resource_id = str(uuid.uuid4())
        self.signing = rs256.Key()
        self.lock = threading.Lock()
        self.by_context, self.by_connection = {}, {}
        self.replies = {}  # by Repeatability-Request-ID: (what was asked, what was answered)
        self.wrong = []  # what the service would not have taken
        self.paths = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = outer.serve(self.command, self.path, self.headers, body)
                octets = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                if outer.retry_after and status == 429:
                    self.send_header("Retry-After", str(outer.retry_after))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):  # a gateway that was killed
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def connection_string(self):
        return f"endpoint=http://{self.host}/;accesskey={base64.b64encode(self.key).decode()}"

    @property
    def jwks_url(self):
        return f"http://{self.host}/calling/keys"

    def line(self, name=None):
        """A call that rings."""
        line = Line(name)
        with self.lock:
            self.by_context[line.context] = self.by_connection[line.connection_id] = line
        return line

    @property
    def lines(self):
        return self.by_context.values()

    def token(self, life=300, key=None, **claims):
        """For callbacks and media sockets; `life` is in seconds from now."""
        now = int(time.time())
        known = {"iss": ISSUER, "aud": self.resource_id, "nbf": min(now, now + life) - 60, "exp": now + life}
        claims = {name: value for name, value in (known | claims).items() if value is not None}
        return (key or self.signing).token(claims)

    def serve(self, method, target, headers, body):
        path = target.partition("?")[0]
        if (method, path) == ("GET", "/calling/keys"):
            return 200, {"keys": [self.signing.published()]}
        problem = self.problem_with(method, target, headers, body)
        with self.lock:
            self.paths.append(path)
            if problem:
                self.wrong.append(f"{method} {target}: {problem}")
                return failure(401, "Denied", "Denied by the resource provider.")
            return self.once(method, path, headers, body)

    def problem_with(self, method, target, headers, body):
        """What is wrong with a request's signature, date or version."""
        date, digest = headers.get("x-ms-date", ""), base64.b64encode(hashlib.sha256(body).digest()).decode()
        signed = f"{method}\n{target}\n{date};{headers['Host']};{digest}"
        wanted = base64.b64encode(hmac.new(self.key, signed.encode(), hashlib.sha256).digest()).decode()
        given = SIGNED.fullmatch(headers.get("Authorization", ""))
        if headers.get("x-ms-content-sha256") != digest:
            return "the body's digest is not right"
        if given is None or not hmac.compare_digest(given[1], wanted):
            return "the signature is not right"
        try:
            sent = email.utils.parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return "the date cannot be read"
        if abs(sent - time.time()) > SKEW:
            return "the date is too far off"
        version = urllib.parse.parse_qs(target.partition("?")[2]).get("api-version", [""])[0]
        return None if re.fullmatch(r"20\d\d-\d\d-\d\d", version) else "there is no api-version"

    def once(self, method, path, headers, body):
        """What was done is not done again, but answered again (OASIS Repeatable Requests 1.0)."""
        key, asked = headers.get("Repeatability-Request-ID"), (method, path, body)
        if key in self.replies:
            known, reply = self.replies[key]
            return reply if known == asked else failure(400, "8523", "Invalid request: the id was used for another one.")
        status, answer = self.carry_out(method, path, key, body)
        if key and status < 500 and status != 429:
            self.replies[key] = asked, (status, answer)
        return status, answer

    def carry_out(self, method, path, key, body):
        if (method, path) == ("POST", "/calling/callConnections:answer"):
            return self.answer(key, json.loads(body))
        if (method, path) == ("POST", "/calling/callConnections:reject"):
            return self.reject(json.loads(body))
        connection, _, action = path.removeprefix("/calling/callConnections/").partition(":")
        line = self.by_connection.get(connection)
        if line and not line.setup:
            line = None
        if line and method == "GET":
            line.questions += 1
        if self.status != 200:
            return failure(self.status, str(self.status), "as the test wants")
        if line is None or line.state == "gone":
            return failure(404, "8522", "Call not found.")
        if method == "GET" and not action:
            return 200, self.properties(line)
        if method == "POST" and action == "terminate":
            line.terminations += 1
            line.state = "disconnected"
            return 204, None
        self.wrong.append(f"{method} {path}: not known here")
        return failure(404, "NotFound", "No such resource.")

    def ringing(self, request):
        line = self.by_context.get(request.get("incomingCallContext"))
        return line if line and line.state == "ringing" else None

    def answer(self, key, request):
        line, fault = self.ringing(request), self.fault_of(request)
        if fault or not key:
            self.wrong.append(f"answer: {fault or 'it cannot be repeated'}")
            return failure(400, "8523", f"Invalid request: {fault}")
        if line is None:
            return failure(400, "8523", STALE)
        if line.throttled > 0:
            line.throttled -= 1
            return failure(429, "8529", "Too many requests.")
        line.state = "connected"
        line.setup = request
        line.answers.add((key, json.dumps(request, sort_keys=True)))
        return 200, self.properties(line)

    @staticmethod
    def fault_of(request):
        media = request.get("mediaStreamingOptions", {})
        rules = {"callbackUri": str(request.get("callbackUri")).startswith("http"),
                 "transportType": media.get("transportType") == "websocket",
                 "transportUrl": str(media.get("transportUrl")).startswith("ws"),
                 "contentType": media.get("contentType", "audio") == "audio",
                 "audioChannelType": media.get("audioChannelType") in ("mixed", "unmixed"),
                 "audioFormat": media.get("audioFormat") in (None, "pcm16KMono", "pcm24KMono"),
                 "enableBidirectional": media.get("enableBidirectional") is True,
                 "startMediaStreaming": media.get("startMediaStreaming") is True}
        return next((name for name, holds in rules.items() if not holds), None)

    def reject(self, request):
        line = self.ringing(request)
        if line is None:
            return failure(400, "8523", STALE)
        line.state, line.reject_reason = "rejected", request.get("callRejectReason", "none")
        return 204, None

    @staticmethod
    def properties(line):
        return {"callConnectionId": line.connection_id, "serverCallId": line.server_call_id,
                "correlationId": line.correlation_id, "callConnectionState": line.state,
                "callbackUri": line.setup["callbackUri"], "targets": []}
