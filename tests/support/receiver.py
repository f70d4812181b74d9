"""Receives webhooks as somebody would who follows Standard Webhooks: checks the signature, then answers as a test says."""

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time


def signature(secret, message_id, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Delivery:
    def __init__(self, headers, body):
        self.headers, self.octets = headers, body
        self.id = headers["webhook-id"]
        self.body = json.loads(body)
        self.event = self.body["data"]
        self.at = time.monotonic()

    def is_signed_with(self, secret):
        made = signature(secret, self.id, self.headers["webhook-timestamp"], self.octets)
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 300
        return fresh and any(hmac.compare_digest(made, given) for given in self.headers["webhook-signature"].split(" "))


class Receiver:
    """`answer(delivery)` gives a status, or a status and headers. Can be shut and opened again on the same port."""

    def __init__(self, answer=lambda delivery: 204, port=0, certificate=None):
        self.answer, self.port, self.certificate = answer, port, certificate  # a folder with cert.pem and key.pem
        self.lock = threading.Lock()
        self.tried, self.taken = [], []  # every request; those that were answered with 2xx
        self.now, self.most = 0, 0  # requests at once
        self.server = None
        self.open()

    @property
    def url(self):
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}/hook?token=do-not-log-me"

    def open(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                delivery = Delivery({name.lower(): value for name, value in self.headers.items()}, body)
                status, headers = receiver.take(delivery)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):  # a client that was killed, or does not trust us
                pass

            def finish_request(self, request, client_address):
                if receiver.certificate:  # here, on the request's own thread
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(receiver.certificate / "cert.pem", receiver.certificate / "key.pem")
                    request = context.wrap_socket(request, server_side=True)
                super().finish_request(request, client_address)

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def shut(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, delivery):
        with self.lock:
            self.tried.append(delivery)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            answer = self.answer(delivery)
        finally:
            with self.lock:
                self.now -= 1
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if 200 <= status < 300:
            with self.lock:
                self.taken.append(delivery)
        return status, headers

    def ids(self):
        with self.lock:
            return {delivery.event.get("id") for delivery in self.taken}

    def first_seen(self):
        """By call: the versions of its events in the order in which they first got through."""
        calls, known = {}, set()
        with self.lock:
            for delivery in self.taken:
                if delivery.id not in known and "callId" in delivery.event:
                    known.add(delivery.id)
                    calls.setdefault(delivery.event["callId"], []).append(delivery.event["version"])
        return calls
