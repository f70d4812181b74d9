"""A WebSocket (RFC 6455), either side, over the standard library: enough to speak it well, and to break it on purpose."""

import base64
import hashlib
import os
import socket
import struct
import urllib.parse

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Refused(Exception):
    """The server answered the upgrade with something other than 101."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:200]!r}")
        self.status = status
        self.body = body


class WebSocket:
    """One open connection. A client masks what it sends, a server does not."""

    def __init__(self, connection, reader, masks):
        self.connection = connection
        self.reader = reader
        self.masks = masks
        self.close_code = None  # of the peer's close frame; 1006 when it left without one

    def send(self, opcode, payload=b""):
        if isinstance(payload, str):
            payload = payload.encode()
        mask_bit = 0x80 if self.masks else 0
        head = bytes([0x80 | opcode])
        if len(payload) < 126:
            head += bytes([mask_bit | len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", mask_bit | 126, len(payload))
        else:
            head += struct.pack("!BQ", mask_bit | 127, len(payload))
        if self.masks:
            key = os.urandom(4)
            stream = (key * (len(payload) // 4 + 1))[:len(payload)]
            masked = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
            payload = key + masked.to_bytes(len(payload), "big")
        self.connection.sendall(head + payload)

    def send_text(self, text):
        self.send(TEXT, text)

    def send_raw(self, octets):
        self.connection.sendall(octets)

    def receive(self):
        """The next message as (opcode, bytes), or None when the connection is over; pings are answered."""
        message, kind = b"", None
        while True:
            try:
                frame = self._frame()
            except ConnectionError:
                frame = None
            if frame is None:
                self.close_code = self.close_code or 1006
                return None
            final, opcode, payload = frame
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                self.close_code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                self._answer_close(payload[:2])
                return None
            elif opcode != PONG:
                kind = kind or opcode
                message += payload
                if final:
                    return kind, message

    def receive_text(self):
        message = self.receive()
        return None if message is None else message[1].decode()

    def ping(self):
        """Returns when the peer has read all that was sent before; what it says meanwhile is dropped."""
        self.send(PING)
        while True:
            frame = self._frame()
            if frame is None:
                raise ConnectionError("closed before the answer to a ping")
            if frame[1] == PONG:
                return

    def close(self, code=1000):
        """Says goodbye and waits for the peer's; returns its code."""
        try:
            self.send(CLOSE, struct.pack("!H", code))
            while self.receive() is not None:
                pass
        except OSError:
            pass
        self.abort()
        return self.close_code

    def abort(self):
        self.reader.close()
        self.connection.close()

    def _answer_close(self, payload):
        try:
            self.send(CLOSE, payload)
        except OSError:
            pass

    def _frame(self):
        head = self.reader.read(2)
        if len(head) < 2:
            return None
        length = head[1] & 0x7F
        if length == 126:
            length = struct.unpack("!H", self.reader.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.reader.read(8))[0]
        key = self.reader.read(4) if head[1] & 0x80 else b""
        payload = self.reader.read(length)
        if len(payload) < length:
            return None
        if key:
            stream = (key * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(length, "big")
        return bool(head[0] & 0x80), head[0] & 0x0F, payload


def read_head(reader):
    """The first line and the headers (names in lower case) of an HTTP message."""
    first = reader.readline().decode("latin-1").rstrip()
    headers = {}
    while line := reader.readline().decode("latin-1").rstrip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return first, headers


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def connect(url, headers=None, timeout=40):
    """Opens a client connection to a ws:// address; raises Refused."""
    parts = urllib.parse.urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = socket.create_connection((parts.hostname, parts.port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    reader = connection.makefile("rb")
    status, answered = read_head(reader)
    code = int(status.split()[1])
    if code != 101:
        body = reader.read(int(answered.get("content-length", 0)))
        connection.close()
        raise Refused(code, body)
    if answered.get("sec-websocket-accept") != accept_key(key):
        raise Refused(code, b"Sec-WebSocket-Accept is wrong")
    return WebSocket(connection, reader, masks=True)


def accept(connection, reader, headers):
    """Completes the server's side of an upgrade whose head was read."""
    answer = accept_key(headers["sec-websocket-key"])
    connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Accept: {answer}\r\n\r\n").encode())
    return WebSocket(connection, reader, masks=False)
