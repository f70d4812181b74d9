"""A gateway whose every answer is held against its own OpenAPI document."""

from gateway import Gateway
from openapi import Document


class DescribedGateway(Gateway):
    """Holds every answer against the document that the gateway itself gives out."""

    def __init__(self, **settings):
        self.document = None
        self.seen, self.faults = set(), []
        super().__init__(**settings)
        self.document = Document(self.json("/openapi.json"))

    def request(self, method, target, *more, **named):
        reply = super().request(method, target, *more, **named)
        if self.document:
            self.seen.add((target.split("?")[0], reply.status))
            self.faults += self.document.faults(method, target, reply)
        return reply
