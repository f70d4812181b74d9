// What the official Twilio SDK signs is accepted, what it would not have signed is not, and the answer is TwiML.

import { spawn } from "node:child_process";
import { createHmac, randomBytes, randomInt } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { tmpdir } from "node:os";
import twilio from "twilio";

const { getExpectedTwilioSignature } = twilio;
const secret = "a secret that is used by tests alone";
const [newToken, oldToken] = ["0f1e2d3c4b5a69788796a5b4c3d2e1f0", "ffeeddccbbaa99887766554433221100"];
let failed = false;

function check(name, holds, detail) {
  process.stdout.write(`${holds ? "ok" : "not ok"} ${name}\n`);
  if (holds) return;
  failed = true;
  process.stdout.write(`# ${JSON.stringify(detail ?? null)}\n`);
}

// One below those that the kernel gives to outgoing connections, so that none takes it before the gateway does.
function freePort() {
  const port = randomInt(10_000, 30_000);
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(freePort()));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}

function adminToken() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "e2e", roles: ["admin"], iat: now, exp: now + 600 })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

const port = await freePort();
const local = `http://127.0.0.1:${port}`;
const publicUrl = "https://calls.example.com"; // as behind a proxy: signed is what the outside sees
const gateway = spawn(process.env.TRUNKLINE_BIN, ["serve"], {
  stdio: ["ignore", "ignore", "inherit"],
  env: {
    PATH: process.env.PATH, HOST: "127.0.0.1", PORT: String(port), PUBLIC_URL: publicUrl, JWT_SECRET: secret,
    DATA_DIR: mkdtempSync(join(tmpdir(), "sdk-")), TWILIO_AUTH_TOKEN: `${newToken},${oldToken}`, LOG_LEVEL: "error",
  },
});
const gone = new Promise((resolve) => gateway.on("exit", resolve));

async function ready() {
  const deadline = Date.now() + 40_000;
  while (Date.now() < deadline) {
    const reply = await fetch(`${local}/readyz`).catch(() => null);
    if (reply?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the gateway did not become ready");
}

const arrival = (more = {}) => ({
  CallSid: `CA${randomBytes(16).toString("hex")}`, AccountSid: `AC${"0".repeat(32)}`, From: "+14155550123",
  To: "+14155550199", CallStatus: "ringing", Direction: "inbound", ApiVersion: "2010-04-01", ...more,
});

async function post(target, params, { token = newToken, signature, body } = {}) {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const signed = signature ?? getExpectedTwilioSignature(token, publicUrl + target, params);
  if (signed) headers["X-Twilio-Signature"] = signed;
  const sent = body ?? new URLSearchParams(params).toString();
  const reply = await fetch(local + target, { method: "POST", headers, body: sent });
  return { status: reply.status, type: reply.headers.get("content-type"), text: await reply.text() };
}

async function signatures() {
  const target = "/webhooks/twilio/voice";
  const accepted = {
    "a request": arrival(),
    "one with texts that forms must escape": arrival({ FromCity: "São Paulo & Söhne + 100 %", CallerName: "a=b;c" }),
    "one with an empty parameter": arrival({ FromZip: "" }),
    "one with a parameter nobody knows": arrival({ SomethingNew: "1" }),
  };
  for (const [name, params] of Object.entries(accepted)) {
    const reply = await post(target, params);
    check(`${name} signed by the SDK is accepted`, reply.status === 200, reply);
  }
  const query = await post(`${target}?tenant=a&x=%20y`, arrival());
  check("one with a query is accepted", query.status === 200, query);
  const old = await post(target, arrival(), { token: oldToken });
  check("while the token rotates, the old one is accepted too", old.status === 200, old);

  const params = arrival();
  const right = getExpectedTwilioSignature(newToken, publicUrl + target, params);
  const refused = {
    "another token's signature": { token: "00000000000000000000000000000000" },
    "a signature of another address": { signature: getExpectedTwilioSignature(newToken, local + target, params) },
    "no signature": { signature: "" },
    "a signature that was cut": { signature: right.slice(0, -2) },
    "a body that was changed": { signature: right, body: new URLSearchParams({ ...params, From: "+14155550666" }) },
    "a parameter that was added": { signature: right, body: new URLSearchParams({ ...params, Extra: "1" }) },
  };
  for (const [name, options] of Object.entries(refused)) {
    const reply = await post(target, params, options);
    const problem = reply.status === 403 && JSON.parse(reply.text).code.startsWith("signature_");
    check(`${name} is refused`, problem, reply);
  }
  for (const type of ["status", "stream", "recording"]) {
    const reply = await post(`/webhooks/twilio/${type}`, params, { signature: "forged" });
    check(`a forged ${type} callback is refused`, reply.status === 403, reply);
  }
}

async function answers() {
  const params = arrival();
  const first = await post("/webhooks/twilio/voice", params);
  check("the answer is XML that nobody keeps", first.type.startsWith("text/xml"), first);
  const verbs = [...first.text.matchAll(/<(Response|Connect|Stream|Parameter|Hangup)\b/g)].map((match) => match[1]);
  check("an inbound call is answered with a bidirectional stream",
    verbs.join(" ") === "Response Connect Stream Parameter Hangup", first.text);
  check("the stream goes to the public address", first.text.includes('url="wss://calls.example.com/media/twilio/call_'), first.text);
  const again = await post("/webhooks/twilio/voice", params);
  check("the same request again gets the same document", again.text === first.text, again);

  const crowd = arrival();
  const replies = await Promise.all(Array.from({ length: 10 }, () => post("/webhooks/twilio/voice", crowd)));
  check("ten at once get one document", new Set(replies.map((reply) => reply.text)).size === 1, replies);
  const headers = { Authorization: `Bearer ${adminToken()}` };
  const page = await (await fetch(`${local}/api/v1/calls?limit=200`, { headers })).json();
  const same = page.data.filter((call) => call.providerCallId === crowd.CallSid);
  check("and are one call", same.length === 1, same);
}

try {
  await ready();
  await signatures();
  await answers();
} finally {
  gateway.kill("SIGTERM");
  await gone;
}
process.exit(failed ? 1 : 0);
