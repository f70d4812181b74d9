"""HTTPS and wss on the same port, and a certificate that changes while the process runs."""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from gateway import Gateway, scratch, wait_for  # noqa: E402
from tap import check, done, skip  # noqa: E402


def make_certificate(folder, name):
    """Self-signed, good for 127.0.0.1; told apart by its common name."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "1", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


class TlsGateway(Gateway):
    """Asked over TLS, trusting exactly the certificate in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        super().__init__(TLS_CERT_FILE=folder / "cert.pem", TLS_KEY_FILE=folder / "key.pem")

    def over_tls(self, target, **headers):
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"ended with {self.process.returncode}\n{self.log()}")
        try:
            return self.over_tls("/readyz").status == 200
        except OSError:
            return False

    def certificate(self):
        """What the process shows to a new connection."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))


def check_certificate_reload(server):
    old = server.certificate()
    kept = ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10))
    make_certificate(server.folder, "second")
    new = (server.folder / "cert.pem").read_text()
    check("a new file alone changes nothing", server.certificate() == old)
    server.signal(signal.SIGHUP)
    wait_for("the new certificate", lambda: server.certificate().split() == new.split())
    check("after SIGHUP new connections get the new certificate", server.is_ready())
    kept.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    check("and old connections go on", kept.recv(64).startswith(b"HTTP/1.1 200"))

    (server.folder / "cert.pem").write_text("not a certificate")
    server.signal(signal.SIGHUP)
    wait_for("a line in the log", lambda: "certificates not reloaded" in server.log())
    check("a bad file is logged, and the good certificate stays", server.certificate().split() == new.split())


if shutil.which("openssl") is None:
    skip("TLS", "no openssl command here")
    done()
folder = scratch()
make_certificate(folder, "first")
with TlsGateway(folder) as gateway:
    reply = gateway.over_tls("/api/v1/calls", Authorization=f"Bearer {gateway.admin}")
    check("the API is served over TLS", reply.status == 200, reply.status)
    check("and browsers are told to stay there", "max-age" in reply.getheader("Strict-Transport-Security", ""))
    upgrade = gateway.over_tls("/api/v1/events", Authorization=f"Bearer {gateway.admin}", Connection="Upgrade",
                               Upgrade="websocket", **{"Sec-WebSocket-Version": "13",
                                                       "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    check("WebSockets too", upgrade.status == 101, upgrade.status)
    plain = socket.create_connection(("127.0.0.1", gateway.port), 10)
    plain.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    check("who speaks plain HTTP gets no HTTP answer", not plain.recv(64).startswith(b"HTTP/1.1 200"))
    check_certificate_reload(gateway)
    check("it ends with status 0", gateway.end() == 0)
done()
