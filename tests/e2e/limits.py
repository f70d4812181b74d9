"""What a client with retries, a poller, a proxy, a guesser of tokens and an impatient caller each get from the gate."""
# Runs once for each of: twilio, acs

import concurrent.futures
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from described import DescribedGateway  # noqa: E402
from gateway import Gateway, make_jwt, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402

UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def code(reply):
    return json.loads(reply.body)["code"]


def polling(server):
    """Events without a WebSocket: to the end, and on from there."""
    first = NETWORK.ring(server)
    seen, cursor, more = [], "0", True
    while more:
        page = server.json(f"/api/v1/events?limit=2&after={cursor}")
        seen += [event["seq"] for event in page["data"]]
        cursor, more = page["nextCursor"], page["hasMore"]
    check("a poller sees every event once, in order", seen == sorted(set(seen)) and len(seen) >= 2, seen)
    check("and nothing where it stopped", server.json(f"/api/v1/events?after={cursor}")["data"] == [], cursor)
    first.tell(first.ENDED)
    after = server.json(f"/api/v1/events?after={cursor}&callId={first.call_id}&types=call.*")
    check("until something happens", [event["state"] for event in after["data"]] == ["ENDED"], after)
    none = server.json("/api/v1/events?types=quality.alert")
    check("a filter that fits nothing moves the cursor on", none["data"] == [] and int(none["nextCursor"]) > 0, none)


def once(server):
    """A client that repeats a POST because it did not hear the answer."""
    rung = NETWORK.ring(server)
    call = rung.call_id
    carry = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}

    def end(headers, body=None, token=server.admin):
        return server.request("POST", f"/api/v1/calls/{call}/end", body, headers, token)

    check("a malformed key is refused", code(end({"Idempotency-Key": "a b"})) == "invalid_idempotency_key")
    check("a viewer's try is not remembered", end(carry, token=make_jwt(["viewer"])).status == 403)
    NETWORK.fail_with(500)
    first = end(carry)
    check("what is not possible here may be tried again under the same key",
          first.status in (502, 503) and "idempotent-replayed" not in end(carry).headers, first)
    rung.tell(rung.ENDED)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: end(carry), range(8)))
    kept = [reply for reply in replies if reply.status == 200]
    check("of many at once one is served, the others repeat it or are told to wait",
          all(reply.status == 200 or code(reply) == "request_in_flight" for reply in replies)
          and len([reply for reply in kept if "idempotent-replayed" not in reply.headers]) == 1, replies)
    again = end(carry)
    check("the answer is given again, and says so",
          again.body == kept[0].body and again.headers.get("idempotent-replayed") == "true", again)
    other = end(carry, b'{"reason":"another"}')
    check("another body under the same key is a mistake", other.status == 422 and code(other) == "idempotency_key_reused", other)
    check("another client's key is its own",
          "idempotent-replayed" not in end(carry, token=make_jwt(sub="somebody else")).headers)
    return call, carry, again


def figures(server):
    """What an admin sees of the provider's webhooks."""
    call = NETWORK.ring(server)
    call.repeat()
    call.arrive(server, forged=True)
    call.tell(call.ENDED)
    kinds = {kind["type"]: kind for kind in server.json("/webhooks/metrics")["webhooks"]}
    arrivals, words = (kinds[NETWORK.webhook_kinds[name]] for name in ("arrival", "status"))
    check("arrivals are counted", arrivals["received"] >= 3 and arrivals["forged"] >= 1 and arrivals["duplicates"] >= 1, arrivals)
    check("and timed", 0 < arrivals["latencyMs"]["p50"] <= arrivals["latencyMs"]["p99"] <= arrivals["latencyMs"]["max"], arrivals)
    check("the provider's own timestamps give a lag", words["lagMs"]["count"] >= 1, words)
    operator = server.request("GET", "/webhooks/metrics", token=make_jwt(["operator"]))
    check("for admins only", operator.status == 403, operator)


def all_at_ease():
    with DescribedGateway(**NETWORK.settings) as server:
        polling(server)
        figures(server)
        call, carry, before = once(server)
        check("every answer was as the OpenAPI document says", not server.faults, "\n".join(server.faults))
        data, port = server.data, server.port
        check("it ends in order", server.end() == 0)
    with Gateway(data=data, PORT=port) as server:
        after = server.request("POST", f"/api/v1/calls/{call}/end", None, carry, server.admin)
        check("the answer is given again after a restart",
              after.body == before.body and after.headers.get("idempotent-replayed") == "true", after)


def subjects():
    with DescribedGateway(RATE_LIMIT_API_READ_PER_MINUTE=1, RATE_LIMIT_API_WRITE_PER_MINUTE=1) as server:
        eager, calm = make_jwt(sub="eager"), make_jwt(sub="calm")
        replies = [server.request("GET", "/api/v1/calls", token=eager) for _ in range(12)]
        left = [int(reply.headers["ratelimit-remaining"]) for reply in replies if reply.status == 200]
        check("a subject's answers count down", left[:3] == [9, 8, 7] and replies[0].headers["ratelimit-limit"] == "10", left)
        last = replies[-1]
        check("until it is told to wait",
              last.status == 429 and code(last) == "rate_limited" and 1 <= int(last.headers["retry-after"]) <= 60
              and int(last.headers["ratelimit-reset"]) > 60, last)
        check("others read on", server.request("GET", "/api/v1/calls", token=calm).status == 200)
        level = server.request("PUT", "/api/v1/system/log-level", '{"level":"info"}', token=eager)
        check("writes are counted apart", level.status == 200 and level.headers["ratelimit-remaining"] == "9", level)
        check("health is never limited", {server.request("GET", "/readyz").status for _ in range(30)} == {200})
        text = server.request("GET", "/metrics").body.decode()
        check("refusals are counted", 'trunkline_rate_limited_total{class="api.read"}' in text, text[:500])
        check("and described", not server.faults, "\n".join(server.faults))


def guessers():
    with Gateway(RATE_LIMIT_UNPROVEN_PER_MINUTE=1, TRUSTED_PROXIES="127.0.0.1/32", **NETWORK.settings) as server:
        def guess(address, token="x.y.z"):
            return server.request("GET", "/api/v1/calls", headers={"X-Forwarded-For": address}, token=token)

        statuses = [guess("198.51.100.1, 192.0.2.7").status for _ in range(3)]
        check("who guesses tokens is slowed down", statuses == [401, 429, 429], statuses)
        check("whatever it makes up about where it comes from", guess("203.0.113.9, 192.0.2.7").status == 429)
        check("another client of the proxy is not", guess("192.0.2.8").status == 401)
        check("nor is one with a token at the same address", guess("192.0.2.7", server.admin).status == 200)
        call = NETWORK.call()
        forged = call.arrive(server, forged=True, X_Forwarded_For="192.0.2.7")
        true = call.arrive(server, X_Forwarded_For="192.0.2.7")
        check("forged webhooks from there are refused as well, true ones taken",
              (forged.status, true.status) == (429, 200), (forged, true))
        outside = server.request("GET", "/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        check("a proxy that speaks for 127.0.0.1 does not make anybody an operator", outside.status == 401, outside)
        wait_for("the log to name the client", lambda: '"remote":"192.0.2.7"' in server.log())
        check("the log names the client and not the proxy",
              '"remote":"198.51.100.1"' not in server.log() and '"remote":"203.0.113.9"' not in server.log())


def callers_and_sockets():
    with Gateway(RATE_LIMIT_PHONE_PER_MINUTE=1, RATE_LIMIT_UPGRADE_PER_MINUTE=1, **NETWORK.settings) as server:
        first = NETWORK.ring(server, caller="+14155550166")
        second = NETWORK.ring(server, caller="+14155550166")
        check("a number that calls too often hears busy", second.refusal == "busy" and not second.taken, second.answer)
        check("a call that was taken stays taken", first.repeat() == first.answer and first.taken, first.answer)
        check("others get through", NETWORK.ring(server, caller="+14155550167").taken)
        statuses = [server.request("GET", "/api/v1/events", headers=UPGRADE | {"Authorization": "Bearer x"}).status
                    for _ in range(3)]
        check("an address may ask for so many sockets", statuses == [401, 429, 429], statuses)


NETWORK = provider.start()
OF_ANY = [subjects] if NETWORK.name == "twilio" else []  # whoever brings the calls
together([all_at_ease, guessers, callers_and_sockets, *OF_ANY])
done()
