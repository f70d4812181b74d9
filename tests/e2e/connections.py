"""Connections that say nothing, say it slowly, or are too many do not keep good ones out."""
# Runs once for each of: twilio, acs

import os
import pathlib
import resource
import socket
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from tap import check, done, skip  # noqa: E402

WANTED = 10_000
SPARE = 500  # files for everything else


def allowed():
    """How many sockets this process may open; the gateway, started by it, may as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(WANTED, hard - SPARE)


def connect(server, number):
    return [socket.create_connection(("127.0.0.1", server.port), 60) for _ in range(number)]


def closed(connection):
    connection.settimeout(60)
    try:
        return connection.recv(1024) == b"" or connection.recv(1024) == b""  # maybe after a 408
    except ConnectionError:
        return True


def silent_crowd(number):
    with Gateway(LOG_LEVEL="warn", MAX_CONNECTIONS_PER_ADDRESS=20_000, HTTP_HEADER_TIMEOUT_MS=120_000,
                 **NETWORK.settings) as server:
        crowd = connect(server, number)
        name = f"beside {number} silent connections"
        check(f"{name} the process is ready", server.is_ready())
        carrier = NETWORK.ring(server).open().start().speak(1)
        carrier.stop()
        check(f"{name} a call is recorded", server.finished_recording(carrier.call_id)["durationMs"] == 1000)
        check(f"{name} it ends well", server.ended_call(carrier.call_id)["state"] == "ENDED")
        wait_for("the count", lambda: counted(server) >= number)
        check(f"{name} the metrics count them", counted(server) < number + 100, counted(server))
        for connection in crowd:
            connection.close()


def counted(server):
    for line in server.request("GET", "/metrics").body.decode().splitlines():
        if line.startswith('trunkline_connections{kind="all"}'):
            return float(line.split()[-1])
    return 0


def slow_and_many():
    with Gateway(LOG_LEVEL="warn", MAX_CONNECTIONS_PER_ADDRESS=50, HTTP_HEADER_TIMEOUT_MS=1_000) as server:
        slow = socket.create_connection(("127.0.0.1", server.port), 60)
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        check("a request that does not arrive whole in time is cut off", closed(slow))
        silent = connect(server, 60)
        check("connections beyond the limit of an address are closed", sum(map(closed, silent[50:])) == 10)
        check("silent ones are closed when their time is over", sum(map(closed, silent[:50])) == 50)
        wait_for("room for a good one", server.is_ready)
        huge = socket.create_connection(("127.0.0.1", server.port), 60)
        huge.sendall(b"GET /livez HTTP/1.1\r\nX-Long: " + b"x" * 32_000)
        check("headers that are too large are a 431", huge.recv(32).startswith(b"HTTP/1.1 431"))
        check("it ends with status 0", server.end() == 0)


NETWORK = provider.start()
number = allowed()
silent_crowd(number)
if number < WANTED:
    skip(f"{WANTED} silent connections", f"only {number} files may be open here")
if NETWORK.name == "twilio":  # whoever brings the calls
    slow_and_many()
done()
