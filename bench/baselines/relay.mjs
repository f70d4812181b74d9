// The relay in Node with `ws`, written with care: one preallocated recording buffer a call, since a list of small
// buffers makes V8 collect garbage all the time. PORT, SINK_PORT and REC_DIR are its settings.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';

const { PORT, SINK_PORT, REC_DIR } = process.env;
const frameBytes = 4; // two samples

const pcmOf = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 15) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
});

// What Twilio sends, mu-law at 8 kHz, and what Azure does, PCM16 at 16 kHz.
const mulaw = {
  rate: 8000,
  put(buffer, at, audio) {
    for (let i = 0; i < audio.length; i++) {
      const sample = pcmOf[audio[i]];
      buffer[at] = sample & 255;
      buffer[at + 1] = (sample >> 8) & 255;
      buffer[at + 2] = buffer[at + 3] = 0;
      at += frameBytes;
    }
    return at;
  },
};
const pcm16 = {
  rate: 16000,
  put(buffer, at, audio) {
    for (let i = 0; i + 1 < audio.length; i += 2) {
      buffer[at] = audio[i];
      buffer[at + 1] = audio[i + 1];
      buffer[at + 2] = buffer[at + 3] = 0;
      at += frameBytes;
    }
    return at;
  },
};

function wavHeader(rate) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(0xffffffff, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(0xffffffff - 36, 40);
  return header;
}

let calls = 0;

class Recording {
  constructor(encoding) {
    this.encoding = encoding;
    this.flushBytes = encoding.rate * frameBytes; // a second
    this.#newBuffer();
    this.size = wavHeader(encoding.rate).copy(this.buffer);
    this.file = fs.createWriteStream(path.join(REC_DIR, `node-${++calls}.wav`));
    this.file.on('error', (error) => { throw error; });
  }
  add(audio) {
    this.size = this.encoding.put(this.buffer, this.size, audio);
    if (this.size >= this.flushBytes) this.#flush();
  }
  end() {
    this.#flush();
    this.file.end();
  }
  #flush() {
    if (this.size === 0) return;
    this.file.write(this.buffer.subarray(0, this.size));
    this.#newBuffer();
  }
  #newBuffer() {
    this.buffer = Buffer.allocUnsafeSlow(this.flushBytes + 4096);
    this.size = 0;
  }
}

function relay(socket) {
  let sink;
  let recording;
  let waiting = [];
  function start(encoding) {
    recording = new Recording(encoding);
    sink = new WebSocket(`ws://127.0.0.1:${SINK_PORT}/sink`, { perMessageDeflate: false });
    sink.on('open', () => {
      for (const audio of waiting) sink.send(audio);
      waiting = null;
    });
    sink.on('error', () => socket.close());
  }
  function forward(payload) {
    if (!sink) return;
    const audio = Buffer.from(payload, 'base64');
    recording.add(audio);
    if (sink.readyState === WebSocket.OPEN) sink.send(audio);
    else waiting?.push(audio);
  }
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.event === 'media') forward(message.media.payload);
    else if (message.kind === 'AudioData') forward(message.audioData.data);
    else if (message.event === 'start') start(mulaw);
    else if (message.kind === 'AudioMetadata') start(pcm16);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    recording?.end();
    sink?.close();
  });
}

const server = http.createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', relay);
server.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
