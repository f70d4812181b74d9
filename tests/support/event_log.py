"""What a subscriber of the event log holds, and what follows from it."""

import collections
import contextlib
import json
import socket
import threading
import time

import websocket

PAUSE = 0.05  # seconds before the next node is asked


class Follower:
    """Reads the log of all calls from its beginning over WebSocket, from whichever of `gateways()` is there; goes on
    behind the last event it had, as a subscriber does."""

    def __init__(self, gateways):
        self.gateways = gateways
        self.events = []
        self.connections = 0
        self.socket = None
        self.ending = False
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def wait_for(self, count, seconds):
        """True once there are `count` events."""
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(self.events) >= count

    def end(self):
        self.ending = True
        with contextlib.suppress(OSError, AttributeError):  # it may be away, or between two nodes
            self.socket.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)

    def _follow(self):
        turn = 0
        while not self.ending:
            gateways = self.gateways()
            turn += 1
            try:
                after = self.events[-1]["seq"] if self.events else 0
                self.socket = gateways[turn % len(gateways)].socket(f"/api/v1/events?after={after}")
                self.connections += 1
                while (text := self.socket.receive_text()) is not None:
                    self.events.append(json.loads(text))
            except (OSError, ValueError, IndexError, websocket.Refused):
                pass  # that node is away
            time.sleep(PAUSE)


def is_whole(events):
    """Every place from 1 on, once and in order, and every call's versions too."""
    versions = collections.Counter()
    for place, event in enumerate(events, 1):
        versions[event["callId"]] += 1
        if event["seq"] != place or event["version"] != versions[event["callId"]]:
            return False
    return True


def heard_of(event):
    """A call that is first heard of in a callback begins with an event of its own, which has no route yet."""
    return event["type"] == "call.received" and not event["data"]["route"]


def is_own_answer(event):
    """The word that we answered a call, which is left out when its provider's callbacks were quicker: a node may die
    between the answer and that word."""
    return event["type"] == "call.status" and event["data"].get("providerStatus") == "answered"


def by_call(events):
    """For each of the provider's calls what happened to it, in no order, without times and without what depends on which
    of its requests came first."""
    names = {event["callId"]: event["data"]["providerCallId"] for event in events if event["type"] == "call.received"}
    found = collections.defaultdict(list)
    for event in events:
        if not heard_of(event) and not is_own_answer(event):
            found[names[event["callId"]]].append((event["type"], json.dumps(event["data"], sort_keys=True)))
    return {name: sorted(happened) for name, happened in found.items()}


def calls_on(gateway):
    """Every call by the provider's name for it, as far as its webhooks decide about it."""
    shown, cursor = {}, ""
    while True:
        page = gateway.json(f"/api/v1/calls?limit=200{cursor and '&cursor=' + cursor}")
        for call in page["data"]:
            shown[call["providerCallId"]] = {name: call[name] for name in (
                "state", "endReason", "duration", "direction", "from", "to", "route")}
        cursor = page.get("nextCursor") or ""
        if not cursor:
            return shown
