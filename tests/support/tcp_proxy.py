"""Stands between a client and a server on loopback, and cuts their connections when a test says so."""

import contextlib
import socket
import struct
import threading


class TcpProxy:
    """A context manager. Connections to `port` are carried to `server_port`; two threads each."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open = set()
        self.carried = 0  # connections
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        """Every connection at once, on both sides, by a reset: what was on its way is lost. Says how many there were."""
        with self.lock:
            victims, self.open = self.open, set()
        for end in victims:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return len(victims) // 2

    def _accept(self):
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client = self.listener.accept()[0]
                self._carry(client)

    def _carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.server_port), 5)
        except OSError:
            client.close()  # as when nobody listens
            return
        server.settimeout(None)
        with self.lock:
            self.open |= {client, server}
            self.carried += 1
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self.lock:
            self.open -= {source}
