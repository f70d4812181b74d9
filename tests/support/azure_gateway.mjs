// A gateway in Azure's terms, for tests: HTTP for Event Grid and callbacks, WebSockets for media and transcription.

import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";

const patience = 30_000;

/** What comes from elsewhere: taken out by what it is, waited for where it is not there yet. */
export class Inbox {
  #items = [];
  #waiting = [];

  push(item) {
    const index = this.#waiting.findIndex((waiter) => waiter.wanted(item));
    if (index < 0) return this.#items.push(item);
    return this.#waiting.splice(index, 1)[0].give(item);
  }

  clear() {
    this.#items = [];
  }

  take(what, wanted = () => true) {
    const index = this.#items.findIndex(wanted);
    if (index >= 0) return Promise.resolve(this.#items.splice(index, 1)[0]);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${what} did not come`)), patience);
      this.#waiting.push({ wanted, give: (item) => { clearTimeout(late); resolve(item); } });
    });
  }
}

/** Takes the text messages out of one direction of a WebSocket (RFC 6455), masked or not. */
export class Frames {
  #rest = Buffer.alloc(0);
  #parts = [];

  *read(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 2) {
      const masked = (this.#rest[1] & 0x80) !== 0;
      let size = this.#rest[1] & 0x7f;
      let at = 2;
      if (size > 125) at += size === 126 ? 2 : 8;
      if (this.#rest.length < at + (masked ? 4 : 0)) return;
      if (size === 126) size = this.#rest.readUInt16BE(2);
      if (size === 127) size = Number(this.#rest.readBigUInt64BE(2));
      const mask = masked ? this.#rest.subarray(at, at + 4) : null;
      at += masked ? 4 : 0;
      if (this.#rest.length < at + size) return;
      const payload = Buffer.from(this.#rest.subarray(at, at + size));
      if (mask) payload.forEach((byte, i) => { payload[i] = byte ^ mask[i % 4]; });
      const [final, opcode] = [(this.#rest[0] & 0x80) !== 0, this.#rest[0] & 0x0f];
      this.#rest = this.#rest.subarray(at + size);
      if (opcode === 8) yield { close: true };
      if (opcode > 2) continue;
      this.#parts.push(payload);
      if (final) yield { text: Buffer.concat(this.#parts.splice(0)).toString() };
    }
  }
}

function textFrame(text, opcode = 1) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x80 | opcode, payload.length])
    : Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}

/** Listens on a free port; `answer(request, body)` gives {status, headers, body}, sockets and their messages are kept. */
export async function startGateway(answer) {
  const gateway = { sockets: new Inbox(), messages: new Inbox() };
  const server = createHttpServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { status = 200, headers = {}, body = "" } = answer(request, Buffer.concat(chunks).toString());
      response.writeHead(status, headers).end(body);
    });
  });
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`);
    const frames = new Frames();
    gateway.sockets.push({ path: request.url, headers: request.headers, send: (text) => socket.write(textFrame(text)) });
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      for (const { text, close } of frames.read(bytes)) {
        if (close) socket.end(Buffer.from([0x88, 0]));
        else gateway.messages.push({ path: request.url, text });
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway.origin = `http://127.0.0.1:${server.address().port}`;
  gateway.stop = () => { server.closeAllConnections(); server.close(); };
  return gateway;
}

/** A way to `port` on which what comes back over WebSockets is read along; `messages` has it. */
export async function startTap(port) {
  const messages = new Inbox();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const frames = new Frames();
    let head = Buffer.alloc(0);
    let upgraded = false;
    far.on("data", (bytes) => {
      let rest = bytes;
      if (!upgraded) {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0 || !head.toString("latin1", 0, 12).endsWith("101")) return;
        upgraded = true;
        rest = head.subarray(end + 4);
      }
      for (const { text } of frames.read(rest)) if (text) messages.push(text);
    });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => { near.destroy(); far.destroy(); });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { messages, origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
