"""Holds answers against the OpenAPI document: the part of JSON Schema that the document uses, and one rule more, that
an object with named properties has no others unless additionalProperties says so."""

import json
import re
import urllib.parse

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
         "null": type(None)}
ANNOTATIONS = {"description", "examples", "default"}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def is_type(value, name):
    return isinstance(value, TYPES[name]) and not (isinstance(value, bool) and name in ("integer", "number"))


class Document:
    def __init__(self, root):
        self.root = root

    def faults(self, method, target, reply):
        """What is wrong with an answer, as texts; none for an address that the document does not know."""
        item = self._path_item(urllib.parse.urlsplit(target).path)
        operation = item and item.get("get" if method == "HEAD" else method.lower())
        if not operation:
            return []
        name = f"{method} {target} {reply.status}"
        if str(reply.status) not in operation["responses"]:
            return [f"{name}: this status is not described"]
        response = self._resolved(operation["responses"][str(reply.status)])
        content = response.get("content", {})
        if not reply.body and response.get("x-body-optional"):
            return []
        kind = reply.headers.get("content-type", "").split(";")[0]
        if not content or method == "HEAD":
            return [f"{name}: has a body"] if reply.body else []
        if kind not in content:
            return [f"{name}: {kind or 'no type'} is not described"]
        if not kind.endswith("json") or "schema" not in content[kind]:
            return []
        return [f"{name}: {fault}" for fault in self.mismatches(json.loads(reply.body), content[kind]["schema"], "answer")]

    def mismatches(self, value, schema, place):
        schema = self._resolved(schema)
        if "type" in schema:
            kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            if not any(is_type(value, kind) for kind in kinds):
                return [f"{place} is {value!r}, not {' or '.join(kinds)}"]
        found = []
        for keyword, rule in schema.items():
            found += self._broken(value, schema, keyword, rule, place)
        return found

    def _broken(self, value, schema, keyword, rule, place):
        if keyword in ANNOTATIONS or keyword == "type":
            return []
        if keyword == "enum":
            return [] if value in rule else [f"{place} is {value!r}, not one of {rule}"]
        if keyword == "minimum":
            return [f"{place} is {value}, below {rule}"] if is_type(value, "number") and value < rule else []
        if keyword == "maximum":
            return [f"{place} is {value}, above {rule}"] if is_type(value, "number") and value > rule else []
        if keyword == "format" and rule == "date-time":
            wrong = isinstance(value, str) and not DATE_TIME.fullmatch(value)
            return [f"{place} is {value!r}, not a time"] if wrong else []
        if keyword == "items":
            return [fault for i, item in enumerate(value or []) for fault in self.mismatches(item, rule, f"{place}[{i}]")]
        if keyword == "required":
            return [f"{place} has no {name}" for name in rule if name not in (value if value is not None else rule)]
        if keyword in ("properties", "additionalProperties"):
            return self._wrong_members(value, schema, place) if keyword == next(
                name for name in schema if name in ("properties", "additionalProperties")) else []
        raise ValueError(f"{place}: the keyword {keyword} is not checked; teach this module what it means")

    def _wrong_members(self, value, schema, place):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
        found = []
        for name, member in (value or {}).items():
            if name in known or isinstance(others, dict):
                found += self.mismatches(member, known.get(name, others), f"{place}.{name}")
            elif not others:
                found.append(f"{place}.{name} is not described")
        return found

    def _resolved(self, node):
        while "$ref" in node:
            target = self.root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _path_item(self, path):
        """Literal segments win over names, as in the router."""
        parts = path.split("/")
        fitting = [pattern.split("/") for pattern in self.root["paths"]]
        fitting = [pattern for pattern in fitting if len(pattern) == len(parts) and all(
            step.startswith("{") or step == part for step, part in zip(pattern, parts))]
        best = min(fitting, key=lambda pattern: sum(step.startswith("{") for step in pattern), default=None)
        return best and self.root["paths"]["/".join(best)]
