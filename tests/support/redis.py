#!/usr/bin/env python3
"""A Redis of the tests' own: on loopback, in a scratch folder, gone with it.

    redis.py start FOLDER [--sentinel] [--tls] [SETTING...]  starts it and prints its port and its process id; a
                                                     setting is a line of redis.conf. With --tls it speaks nothing else.
                                                     Started again it has the port that it had.
    redis.py stop FOLDER                             ends it at once

The server is Debian's redis-check-rdb: by the name of redis-server it is one. So no package starts a service.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

PROGRAM = pathlib.Path("/usr/bin/redis-check-rdb")


def why_not():
    """Why no server can run here, or an empty text."""
    return "" if PROGRAM.exists() else f"there is no {PROGRAM}: install redis-tools"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def alive(pid):
    """False for one that nobody has waited for, too: it does nothing more."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()

    def start(self, *settings, sentinel=False, tls=False):
        self.folder.mkdir(parents=True, exist_ok=True)
        port = self.port() or free_port()
        (self.folder / "port").write_text(str(port))
        listen = ["port 0", f"tls-port {port}", "tls-auth-clients no"] if tls else [f"port {port}"]
        lines = [*listen, "bind 127.0.0.1", f"dir {self.folder}", "daemonize no", *settings]
        if not sentinel:
            lines += ['save ""', "appendonly no"]
        name = "redis-sentinel" if sentinel else "redis-server"
        configuration = self.folder / f"{name}.conf"
        configuration.write_text("\n".join(lines) + "\n")
        with open(self.folder / "server.log", "ab") as log:
            process = subprocess.Popen([name, str(configuration)], executable=PROGRAM, cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        (self.folder / "pid").write_text(str(process.pid))
        deadline = time.monotonic() + 20
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("no Redis:\n" + (self.folder / "server.log").read_text(errors="replace"))
            time.sleep(0.01)
        return self

    def stop(self):
        """As `kill -9` would: it holds nothing that must be kept."""
        pid = self.pid()
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        deadline = time.monotonic() + 10
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.005)
        (self.folder / "pid").unlink()

    def port(self):
        return self.number("port")

    def pid(self):
        return self.number("pid")

    def number(self, name):
        file = self.folder / name
        return int(file.read_text()) if file.exists() else None

    def url(self):
        return f"redis://127.0.0.1:{self.port()}"


def end_all(folder):
    """Ends every server below `folder`, whatever the tests that started them came to."""
    for found in pathlib.Path(folder).glob("**/pid"):
        Server(found.parent).stop()


def main():
    verb, folder, *rest = sys.argv[1:]
    server = Server(folder)
    if verb == "start":
        settings = [word for word in rest if word not in ("--sentinel", "--tls")]
        server.start(*settings, sentinel="--sentinel" in rest, tls="--tls" in rest)
        print(server.port(), server.pid())
    elif verb == "stop":
        server.stop()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
