"""Many calls' webhooks as providers send them: proved, again when they were not answered 2xx, some twice, out of order."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import http.client
import queue
import random
import threading
import time
import typing

PUBLIC_URL = "https://calls.example.com"  # the same for all nodes: what is signed
RETRY_PAUSE = 0.05  # seconds; providers wait longer, and a test has no time
PATIENCE = 120  # seconds until a request that is never taken is a failure


@dataclasses.dataclass(frozen=True)
class Webhook:
    """One request; each try sends the same."""

    call: str  # the provider's id of it
    effect: str  # what it leaves in the log, once: a providerStatus; empty for the arrival
    request: typing.Callable  # () -> path, body, headers; nothing as long as the provider cannot know where to
    answer: typing.Callable = None  # of an arrival, (body) -> what the gateway does about it, hashable


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
        self.answers = {}  # of each call, the distinct ones that its arrival got
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
                webhook = waiting.get_nowait()
                if webhook.request():
                    self.deliver(webhook, connections, chance.randrange(len(self.ports)))
                else:  # behind what must come before it
                    waiting.put(webhook)
                    time.sleep(RETRY_PAUSE / 10)
        for connection in connections.values():
            connection.close()

    def deliver(self, webhook, connections, place):
        """One webhook, beginning at the node of that place, until it is taken. `connections` are the calling thread's own,
        by port."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            outcome, body = self.try_once(webhook, connections, self.ports[place % len(self.ports)])
            with self.lock:
                self.tries += 1
                if isinstance(outcome, int) and 200 <= outcome < 300:
                    self.taken += 1
                    if webhook.answer:
                        self.answers.setdefault(webhook.call, set()).add(webhook.answer(body))
                    return
                self.refused[outcome] += 1
            place += 1
            time.sleep(RETRY_PAUSE)
        with self.lock:
            self.unanswered.append(webhook)

    @staticmethod
    def try_once(webhook, connections, port):
        """The status and the body, or what kind of failure it was."""
        path, body, headers = webhook.request()
        try:
            connection = connections.get(port)
            if connection is None:
                connection = connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as problem:
            connections.pop(port).close()
            return type(problem).__name__, b""
