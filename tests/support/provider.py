"""Telephone providers played by hand, message by message, for what the simulator would never do. All of them play the same
parts, so that a scenario is told once; what differs between them is what they say about themselves.

A script that plays them runs once for each that it names (see tests/run.py), and start() gives it the one of this run."""

import importlib
import sys
import time

import websocket

FRAME_MS = 20


def name():
    return sys.argv[1] if len(sys.argv) > 1 else "twilio"


def start():
    """The provider of this run, with services of its own that gateways are pointed at by its `settings`."""
    return importlib.import_module(f"{name()}_provider").Provider()


def simulated():
    """Settings of a gateway to which `gateway.sim()` brings calls of this provider."""
    return importlib.import_module(f"{name()}_provider").simulated()


class Provider:
    """Its side of the settings, its REST API, and its calls."""

    name = ""
    rate = 0  # Hz of its calls' audio
    encoding = ""  # of it, as Deepgram calls it
    loud = b""  # one frame that is loud everywhere, as the gateway hears it
    media_is_the_call = True  # a media socket that is gone ends the call; otherwise it may come back
    answers_by_command = False  # which the log of a call has, too
    tells_duration = True  # when it is asked about a call that is over
    first_state = ""  # of a call, once it was taken
    asked_state = ""  # and after the provider was asked about it
    remark = ""  # under which name a call's metadata have what the provider says beside
    arrivals = ""  # the path that tells of them
    webhook_kinds = {}  # how the figures call those that tell of an `arrival` and of a `status`
    dated = ()  # the kinds that say when they were sent
    nonsense = ()  # messages of the media socket that mean nothing
    ignored = {}  # reasons for which messages are ignored, and how often at least once all nonsense was said
    effects_beside = ()  # in the log of a call, what no webhook has told

    settings = {}  # of a gateway that is to have this provider

    def call(self, **more):
        """One that has not arrived yet. `caller`, `called`, `remark`."""
        raise NotImplementedError

    def ring(self, server, **more):
        return self.call(**more).ring(server)

    def webhooks_of(self, index):
        """All about one call of a load (see webhook_load), in order; the same for the same index."""
        raise NotImplementedError

    def fail_with(self, status):
        """From now on the REST API answers like this, but for what a call needs to be taken; 200: as it should."""
        raise NotImplementedError

    def conclude(self, call, duration):
        """It is over, and nobody tells the gateway."""
        raise NotImplementedError

    def forget(self, call):
        """As if it had never been there."""
        raise NotImplementedError

    def questions(self, call=None):
        """How often it was asked how a call, or any, stands."""
        raise NotImplementedError

    def complaints(self):
        """What the gateway asked in a way that the provider refuses."""
        raise NotImplementedError


class Call:
    """One call: its arrival, its media socket, and what the provider says of it."""

    STEPS = ()  # of its life, as the provider tells them
    RINGING = CONNECTED = ENDED = ""  # some of them; empty when the provider does not tell it

    def __init__(self, provider):
        self.provider = provider
        self.id = ""  # the provider's
        self.server = None
        self.answer = None  # what the gateway did about its arrival
        self.refusal = None  # why it was turned away
        self.url = None  # of its media socket
        self.token = None  # that opens it
        self.socket = None
        self.frames = 0

    def ring(self, server):
        self.server = server
        self.answer = self.read(self.arrive(server))
        return self

    def repeat(self, via=None):
        """The same arrival again; what the gateway does about it equals `answer` when it is the same."""
        return self.read(self.arrive(via or self.server))

    def arrive(self, server, forged=False, **headers):
        """Tells a gateway of it, and no more; the gateway's reply."""
        raise NotImplementedError

    def malformed(self, server):
        """Something that no provider would send; the gateway's reply."""
        raise NotImplementedError

    def read(self, reply):
        raise NotImplementedError

    @property
    def taken(self):
        return self.url is not None

    @property
    def call_id(self):
        """The gateway's."""
        return self.url.split("?")[0].rsplit("/", 1)[1]

    def tell(self, step, via=None):
        """That the call has got there; the gateway's reply."""
        return self.send_word(self.word(step), via)

    def tell_all(self, *names):
        """The steps of these names, `RINGING`, ...; the gateway's replies."""
        return [self.tell(getattr(self, name)) for name in names if getattr(self, name)]

    def word(self, step, **more):
        """What tell() would send, for sending it again or to several."""
        raise NotImplementedError

    def send_word(self, word, via=None):
        raise NotImplementedError

    def open(self):
        raise NotImplementedError

    def start(self):
        """What comes before audio."""
        raise NotImplementedError

    def turned_away(self, token):
        """Whether a media socket with another token comes to nothing."""
        raise NotImplementedError

    def speak(self, seconds, paced=False):
        """Frames that are loud; at once, or each at its time."""
        began = time.monotonic()
        for i in range(round(seconds * 1000 / FRAME_MS)):
            if paced:
                time.sleep(max(0.0, began + i * FRAME_MS / 1000 - time.monotonic()))
            self.send_frame()
            self.frames += 1
        return self

    def send_frame(self, payload=None):
        raise NotImplementedError

    def skip(self, seconds):
        self.frames += round(seconds * 1000 / FRAME_MS)

    def press(self, key):
        raise NotImplementedError

    def stop(self):
        """The caller hangs up."""
        raise NotImplementedError

    def hang_ups(self):
        """How often the gateway asked the provider, as it wants to be asked, to end the call."""
        raise NotImplementedError

    def closed_with(self):
        """The code with which the gateway closes the socket, whatever it says before."""
        while self.socket.receive() is not None:
            pass
        return self.socket.close_code

    def refused(self, url, headers=None):
        """The status with which a media socket is refused; 101 when it is not."""
        try:
            websocket.connect(url, headers).abort()
            return 101
        except websocket.Refused as refusal:
            return refusal.status
