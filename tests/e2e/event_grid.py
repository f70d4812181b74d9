"""Events published to an Azure Event Grid topic: one of the test's own that checks what the real one checks."""
# Runs once for each of: twilio, acs

import http.server
import json
import os
import pathlib
import re
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, run, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

KEY = "a-key-of-the-topic-which-is-a-secret="
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NEEDED = {"id": str, "subject": str, "eventType": str, "eventTime": str, "dataVersion": str}


def fault_of(event):
    for name, kind in NEEDED.items():
        if not isinstance(event.get(name), kind) or not event[name]:
            return f"no {name}"
    unknown = event.keys() - NEEDED.keys() - {"topic", "data", "metadataVersion"}
    return f"unknown {unknown}" if unknown else "" if TIME.fullmatch(event["eventTime"]) else "eventTime is no time"


class Topic:
    """`refuse(events)` gives a status for a request that is otherwise right, or nothing."""

    def __init__(self):
        self.events, self.statuses, self.faults = [], [], []
        self.refuse = lambda events: None
        topic = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, reason = topic.judge(self.path, self.headers, body)
                topic.statuses.append(status)
                answer = b"" if status == 200 else json.dumps({"error": {"code": str(status), "message": reason}}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def judge(self, path, headers, body):
        if path != "/api/events?api-version=2018-01-01":
            return 404, path
        if headers.get("aeg-sas-key") != KEY:
            return 401, "the key is wrong"
        if len(body) > 1_048_576:
            return 413, "too large"
        if headers.get("Content-Type", "").split(";")[0] != "application/json":
            return 400, "not JSON"
        events = json.loads(body)
        faults = [fault_of(event) for event in events] if isinstance(events, list) and events else ["no events"]
        if any(faults):
            self.faults += faults
            return 400, str(faults)
        refused = self.refuse(events)
        if refused:
            return refused, "as the test wants"
        self.events += events
        return 200, ""

    def settings(self, **more):
        return {"AZURE_EVENT_GRID_ENDPOINT": f"http://127.0.0.1:{self.port}/api/events", "AZURE_EVENT_GRID_ACCESS_KEY": KEY,
                "LOG_FORMAT": "json", **NETWORK.settings, **more}


def call(server, *steps):
    """A call that comes in, and what the provider says of it; the provider's id."""
    rung = NETWORK.ring(server)
    rung.tell_all(*steps)
    return rung.id


def wanted(server):
    """By id, what the gateway's log has for a topic, in its order."""
    events = [event for row in server.json("/api/v1/calls?limit=200")["data"] for event in server.events_of(row["callId"])]
    events.sort(key=lambda event: event["seq"])
    return {event["id"]: event for event in events if event["type"].split(".")[0] in ("call", "transcript")}


def all_there(server, topic):
    log = wanted(server)
    wait_for("every event", lambda: log.keys() <= {event["id"] for event in topic.events})
    return log


def published():
    topic = Topic()
    with Gateway(**topic.settings()) as server:
        for _ in range(5):
            call(server, "RINGING", "CONNECTED", "ENDED")
        log = all_there(server, topic)
        check("a topic gets the events about calls, in the order of the log", [event["id"] for event in topic.events] == list(log))
        check("as the schema wants them", not topic.faults, topic.faults)
        check("and as REST shows them", all(event["data"] == log[event["id"]] for event in topic.events), topic.events[0])
        check("the key is not logged", KEY not in server.log())
        check("the gateway ends at SIGTERM with status 0", server.end() == 0)


def away_and_killed():
    topic = Topic()
    with Gateway(**topic.settings()) as server:
        call(server, "RINGING")
        all_there(server, topic)
        topic.refuse = lambda events: 503
        call(server, "RINGING", "ENDED")
        wait_for("refusals", lambda: 503 in topic.statuses)
        server.process.kill()
        server.process.wait()
    topic.refuse = lambda events: None
    with Gateway(data=server.data, PORT=server.port, **topic.settings()) as server:
        call(server, "RINGING", "ENDED")
        log = all_there(server, topic)
        seen = list(dict.fromkeys(event["id"] for event in topic.events))
        check("what a topic did not take it gets later, also from the next process, in order", seen == list(log), seen)


def one_is_refused():
    topic = Topic()
    with Gateway(**topic.settings()) as server:
        topic.refuse = lambda events: 429
        bad = call(server, "RINGING", "ENDED")
        for _ in range(5):
            call(server, "RINGING", "ENDED")
        wait_for("patience", lambda: 429 in topic.statuses)
        topic.refuse = lambda events: 400 if any(event["data"]["data"].get("providerCallId") == bad for event in events) else None
        log = wanted(server)
        unwanted = {key for key, event in log.items() if event["data"].get("providerCallId") == bad}
        wait_for("the others", lambda: log.keys() - unwanted <= {event["id"] for event in topic.events})
        check("an event that a topic never takes is left out, and nothing else",
              len(unwanted) == 1 and log.keys() - {event["id"] for event in topic.events} == unwanted, unwanted)


def half_configured():
    ended = run("serve", AZURE_EVENT_GRID_ENDPOINT="https://calls.example.com/api/events")
    check("an endpoint without its key is refused at start", ended.returncode == 3 and "AZURE_EVENT_GRID_ACCESS_KEY"
          in ended.stderr + ended.stdout, ended)


NETWORK = provider.start()
together([published, away_and_killed, one_is_refused, half_configured])
done()
