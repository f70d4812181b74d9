"""Twilio's REST API for tests, as far as Trunkline calls it: .../Calls/{sid}.json says how a call stands (GET) and ends it
(POST)."""

import base64
import http.server
import json
import threading
import urllib.parse


class FakeTwilio:
    """Notes what came: a POST as (path, user and password, form), a GET as its path. Answers with `status`; a GET by what
    `calls` has for the call's SID (`status`, `duration`, `end_time`), and 404 when that is nothing. Who is ended there
    is completed."""

    def __init__(self, status=200):
        self.status = status
        self.calls = {}
        self.requests = []
        self.questions = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.questions.append(self.path)
                call = outer.calls.get(self.sid())
                status = 404 if call is None and outer.status == 200 else outer.status
                self.answer(status, {"sid": self.sid(), "duration": None, "end_time": None, **(call or {})})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                kind, _, secret = self.headers.get("Authorization", "").partition(" ")
                known = base64.b64decode(secret).decode() if kind == "Basic" else ""
                outer.requests.append((self.path, known, urllib.parse.parse_qs(body)))
                if self.sid() in outer.calls and outer.status == 200:
                    outer.calls[self.sid()] = {"status": "completed", "duration": "1"}
                self.answer(outer.status, {"sid": self.sid(), "status": "completed"})

            def sid(self):
                return self.path.rsplit("/", 1)[1].removesuffix(".json")

            def answer(self, status, body):
                octets = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
