"""Many calls' webhooks as Twilio sends them: signed, again when they were not answered 2xx, some twice, out of order."""

import collections
import concurrent.futures
import contextlib
import email.utils
import hashlib
import http.client
import queue
import random
import threading
import time
import urllib.parse

from gateway import ACCOUNT_SID, sign

PUBLIC_URL = "https://calls.example.com"  # the same for all nodes: what is signed
RETRY_PAUSE = 0.05  # seconds; Twilio waits longer, and a test has no time
PATIENCE = 120  # seconds until a request that is never taken is a failure
ENDS = (("completed", {"CallDuration": "7"}),) * 7 + (("busy", {}), ("no-answer", {}), ("failed", {}))

# One webhook. `token` is what Twilio repeats with each try.
Webhook = collections.namedtuple("Webhook", "path params token")


def webhooks_of(index):
    """All about one call, in order; the same for the same index."""
    sid = "CA" + hashlib.md5(str(index).encode()).hexdigest()
    common = {"CallSid": sid, "AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01", "From": "+14155550123",
              "To": "+14155550199", "Direction": "inbound"}
    status, more = ENDS[index % len(ENDS)]
    steps = [("ringing", {}), ("in-progress", {}), (status, more)]
    found = [Webhook("/webhooks/twilio/voice", common | {"CallStatus": "ringing"}, f"{sid}-voice" if index % 2 else "")]
    for number, (word, extra) in enumerate(steps):
        sent = email.utils.formatdate(1_790_000_000 + index + number)
        found.append(Webhook("/webhooks/twilio/status", common | {
            "CallStatus": word, "CallbackSource": "call-progress-events", "SequenceNumber": str(number),
            "Timestamp": sent, **extra}, f"{sid}-{number}" if index % 2 else ""))
    return found


def shuffled(webhooks, seed, near=200):
    """Each at most about `near` places from where it was: as late and as early as retries and networks make it."""
    chance = random.Random(seed)
    keyed = [(place + chance.uniform(0, near), place) for place in range(len(webhooks))]
    return [webhooks[place] for _, place in sorted(keyed)]


class Sender:
    """Sends webhooks on kept connections from several threads to nodes by their ports, as a load balancer does: one that
    is not taken goes to the next node."""

    def __init__(self, ports, threads=12, seed=1):
        self.ports = ports
        self.threads = threads
        self.seed = seed
        self.answers = {}  # (call, path) to the distinct documents that were given
        self.lock = threading.Lock()
        self.taken = 0
        self.tries = 0
        self.refused = collections.Counter()  # by status, or the kind of failure
        self.unanswered = []

    def send(self, webhooks):
        """Returns when every one was answered 2xx, or given up."""
        waiting = queue.SimpleQueue()
        for webhook in webhooks:
            waiting.put(webhook)
        with concurrent.futures.ThreadPoolExecutor(self.threads) as pool:
            for done in [pool.submit(self._run, number, waiting) for number in range(self.threads)]:
                done.result()

    def _run(self, number, waiting):
        connections = {}
        chance = random.Random(self.seed * 1000 + number)
        with contextlib.suppress(queue.Empty):
            while True:
                self.deliver(waiting.get_nowait(), connections, chance.randrange(len(self.ports)))
        for connection in connections.values():
            connection.close()

    def deliver(self, webhook, connections, place):
        """One webhook, beginning at the node of that place, until it is taken. `connections` are the calling thread's own,
        by port."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            outcome, answer = self.try_once(webhook, connections, self.ports[place % len(self.ports)])
            with self.lock:
                self.tries += 1
                if isinstance(outcome, int) and 200 <= outcome < 300:
                    self.taken += 1
                    if webhook.path.endswith("/voice"):
                        self.answers.setdefault(webhook.params["CallSid"], set()).add(answer)
                    return
                self.refused[outcome] += 1
            place += 1
            time.sleep(RETRY_PAUSE)
        with self.lock:
            self.unanswered.append(webhook)

    @staticmethod
    def try_once(webhook, connections, port):
        """The status and the body, or what kind of failure it was."""
        body = urllib.parse.urlencode(webhook.params)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                   "X-Twilio-Signature": sign(PUBLIC_URL + webhook.path, webhook.params)}
        if webhook.token:
            headers["I-Twilio-Idempotency-Token"] = webhook.token
        try:
            connection = connections.get(port)
            if connection is None:
                connection = connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", webhook.path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as problem:
            connections.pop(port).close()
            return type(problem).__name__, b""
