#!/usr/bin/env python3
"""A Postgres of the tests' own: on loopback, in a scratch folder, durable as a real one.

    postgres.py start FOLDER    makes it when it is not there, starts it and prints its URL and the server's process id
    postgres.py stop FOLDER     ends it in order
    postgres.py crash FOLDER    ends it as a power cut would

The server refuses to run as root: then it runs as `postgres` or `nobody`. FOLDER must be one that such a user can reach.
"""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time
import uuid

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "only-for-tests"
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "'64MB'",
    "fsync": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_line_prefix": "'%m [%p] '",
}


def why_not():
    """Why no server can run here, or an empty text."""
    if not (PROGRAMS / "postgres").exists():
        return f"there is no {PROGRAMS / 'postgres'}: install postgresql-15"
    if os.geteuid() == 0 and not (shutil.which("setpriv") and account()):
        return "as root this needs setpriv and a user postgres or nobody"
    return ""


def account():
    """Whom the server runs as when we are root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def as_server(command):
    if os.geteuid() != 0:
        return command
    user = account()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--", *command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"

    def start(self):
        if not self.data.exists():
            self.make()
        self.run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "start")
        return self

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "stop")

    def crash(self):
        """Every process at once and without a chance to write: what was not on its way to the disk is lost."""
        pid = self.pid()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for victim in (pid, *map(int, children)):
            kill(victim)
        deadline = time.monotonic() + 10
        while any(alive(int(victim)) for victim in (pid, *children)) and time.monotonic() < deadline:
            time.sleep(0.01)
        (self.data / "postmaster.pid").unlink()

    def url(self, database="postgres"):
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        return f"postgresql://trunkline:{PASSWORD}@127.0.0.1:{lines[3]}/{database}"

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def make(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                os.chown(path, account().pw_uid, account().pw_gid)
        self.run("initdb", "-D", self.data, "-U", "trunkline", "-A", "md5", f"--pwfile={secret}",
                 "-E", "UTF8", "--locale=C.UTF-8")
        lines = [f"{name} = {value}" for name, value in SETTINGS.items()] + [f"port = {free_port()}"]
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as configuration:
            configuration.write("\n".join(lines) + "\n")

    def run(self, program, *arguments):
        command = as_server([str(PROGRAMS / program), *map(str, arguments)])
        # What pg_ctl starts keeps its output open: a pipe would never end.
        with open(self.folder / f"{program}.log", "w+", encoding="utf-8") as log:
            status = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    check=False).returncode
            if status != 0:
                log.seek(0)
                raise RuntimeError(f"{program} failed with {status}:\n{log.read()}")


def psql(url, statement):
    """The statement's rows as lines of text."""
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url], check=True,
                          capture_output=True, text=True).stdout


def database_on(url):
    """A place of its own on a server: a schema, which migrations fill. Returns the URL for it."""
    name = "e2e_" + uuid.uuid4().hex[:12]
    psql(url, f"CREATE SCHEMA {name}")
    return f"{url}?options=-csearch_path%3D{name}"


def kill(pid):
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass


def alive(pid):
    """False for one that nobody has waited for, too: it does nothing more."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end_all(folder):
    """Ends every server below `folder`, whatever the tests that started them came to."""
    for found in pathlib.Path(folder).glob("**/data/postmaster.pid"):
        server = Server(found.parent.parent)
        try:
            os.kill(server.pid(), 18)  # SIGCONT, in case a test had stopped it
            server.stop()
        except (OSError, RuntimeError) as problem:
            print(f"a Postgres of the tests did not end: {problem}", file=sys.stderr)


def main():
    verb, folder = sys.argv[1:]
    server = Server(folder)
    if verb == "start":
        server.start()
        print(server.url(), server.pid())
    elif verb in ("stop", "crash"):
        getattr(server, verb)()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
