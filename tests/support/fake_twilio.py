"""Twilio's REST API for tests, as far as Trunkline calls it: a call is ended by POST .../Calls/{sid}.json."""

import base64
import http.server
import json
import threading
import urllib.parse


class FakeTwilio:
    """Notes what came as (path, user and password, form), and answers with `status`."""

    def __init__(self, status=200):
        self.status = status
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                kind, _, secret = self.headers.get("Authorization", "").partition(" ")
                known = base64.b64decode(secret).decode() if kind == "Basic" else ""
                outer.requests.append((self.path, known, urllib.parse.parse_qs(body)))
                answer = json.dumps({"sid": self.path.rsplit("/", 1)[1].removesuffix(".json"), "status": "completed"})
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
