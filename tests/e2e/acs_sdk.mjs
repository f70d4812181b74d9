// The official SDK of Azure Call Automation keeps the simulated service honest: its client is accepted there, its parsers
// read what the service sends, and what our gateway sends to the service.

import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { tmpdir } from "node:os";
import {
  CallAutomationClient, StreamingData, createOutboundAudioData, createOutboundStopAudioData, parseCallAutomationEvent,
} from "@azure/communication-call-automation";

const { Inbox, startGateway, startTap } = await import(`${process.env.TRUNKLINE_SOURCE_DIR}/tests/support/azure_gateway.mjs`);
const caller = { phoneNumber: "+14155550123" };
const colleague = { phoneNumber: "+14155550177" };
const ours = { phoneNumber: "+14155550199" };
const secret = randomBytes(16).toString("hex");
let failed = false;

function check(name, holds, detail) {
  process.stdout.write(`${holds ? "ok" : "not ok"} ${name}\n`);
  if (holds) return;
  failed = true;
  process.stdout.write(`# ${JSON.stringify(detail ?? null)}\n`);
}

// One below those that the kernel gives to outgoing connections, so that none takes it before it is used.
function freePort() {
  const port = randomInt(10_000, 30_000);
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(freePort()));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}

const endpoint = `http://127.0.0.1:${await freePort()}`;
const connectionString = (key) => `endpoint=${endpoint}/;accesskey=${Buffer.from(key).toString("base64")}`;
const key = randomBytes(64);
const settings = {
  PATH: process.env.PATH, AZURE_COMMUNICATION_CONNECTION_STRING: connectionString(key),
  AZURE_COMMUNICATION_RESOURCE_ID: "11111111-2222-3333-4444-555555555555",
  AZURE_CALLBACK_JWKS_URL: `${endpoint}/calling/keys`, AZURE_EVENT_GRID_DELIVERY_SECRET: secret,
};
const makeClient = (accessKey) => new CallAutomationClient(connectionString(accessKey),
  { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });
const client = makeClient(key);

/** Runs the binary; what it prints and how it ends are promises' business. */
function start(args, more = {}) {
  const child = spawn(process.env.TRUNKLINE_BIN, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...settings, ...more } });
  const lines = new Inbox();
  let rest = "";
  child.stdout.on("data", (bytes) => {
    const parts = (rest + bytes).split("\n");
    rest = parts.pop();
    parts.forEach((line) => lines.push(line));
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  return { lines, gone, end: async () => { child.kill("SIGTERM"); return gone; } };
}

const incoming = new Inbox();
const callbacks = new Inbox();
const seen = new Set();

// What the SDK's parser makes of a callback; an event that it does not know throws.
function onCallback(body) {
  const event = parseCallAutomationEvent(body);
  seen.add(event.kind);
  callbacks.push(event);
  return {};
}

const gateway = await startGateway((request, body) => {
  if (request.url.startsWith("/callbacks")) return onCallback(body);
  if (request.method === "OPTIONS") return { headers: { "WebHook-Allowed-Origin": request.headers["webhook-request-origin"] } };
  const [event] = JSON.parse(body);
  if (event.eventType === "Microsoft.EventGrid.SubscriptionValidationEvent") {
    return { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ validationResponse: event.data.validationCode }) };
  }
  incoming.push(event.data);
  return {};
});
const callbackUrl = `${gateway.origin}/callbacks/1`;
const mediaUrl = `${gateway.origin.replace("http", "ws")}/media/1`;
const wordsUrl = `${gateway.origin.replace("http", "ws")}/words/1`;
const told = (kind) => callbacks.take(kind, (event) => event.kind === kind);
const simCall = (...args) => start(["--json", "sim", "call", "--provider", "acs", "--target", gateway.origin, ...args]);

async function refused(name, work, status, code) {
  const error = await work().then(() => null, (caught) => caught);
  check(name, error?.statusCode === status && error.code === code, error && { status: error.statusCode, code: error.code });
}

async function answer(audioChannelType, audioFormat) {
  const { incomingCallContext } = await incoming.take("IncomingCall");
  return client.answerCall(incomingCallContext, callbackUrl, {
    operationContext: "context 1",
    callIntelligenceOptions: { cognitiveServicesEndpoint: "https://ai.example.com" },
    mediaStreamingOptions: {
      transportUrl: mediaUrl, transportType: "websocket", contentType: "audio", audioChannelType, audioFormat,
      startMediaStreaming: true, enableBidirectional: true, enableDtmfTones: true,
    },
    transcriptionOptions: { transportUrl: wordsUrl, transportType: "websocket", locale: "en-US", startTranscription: true },
  });
}

async function participants(connection) {
  const added = await connection.addParticipant({ targetParticipant: colleague, sourceCallIdNumber: ours });
  check("a participant is added", added.participant.identifier.phoneNumber === colleague.phoneNumber && added.invitationId, added);
  check("and told to be there", (await told("AddParticipantSucceeded")).participant.phoneNumber === colleague.phoneNumber);
  const { values } = await connection.listParticipants();
  check("the list names both", values.length === 2, values);
  await connection.muteParticipant(colleague);
  check("one of them is muted", (await connection.getParticipant(colleague)).isMuted);
  await connection.getCallMedia().hold(colleague);
  await connection.getCallMedia().unhold(colleague);
  await connection.cancelAddParticipantOperation(added.invitationId);
  await told("CancelAddParticipantFailed");
  await connection.removeParticipant(colleague);
  await told("RemoveParticipantSucceeded");
  const rosters = await told("ParticipantsUpdated");
  check("a roster has identifiers", rosters.participants[0].identifier.phoneNumber === caller.phoneNumber, rosters);
}

async function media(connection) {
  const sounds = connection.getCallMedia();
  await sounds.playToAll([{ kind: "fileSource", url: "https://gw.example.com/a.wav" }], { operationContext: "play 1" });
  check("a prompt is played", (await told("PlayCompleted")).operationContext === "play 1");
  await sounds.play([{ kind: "textSource", text: "hello", voiceName: "en-US-AvaNeural" }], [caller], { loop: true });
  await sounds.cancelAllOperations();
  await told("PlayCanceled");
  await sounds.startRecognizing(caller, { kind: "callMediaRecognizeDtmfOptions", maxTonesToCollect: 2 });
  const recognised = await told("RecognizeCompleted");
  check("tones are recognised", recognised.dtmfResult.tones.join() === "one,two", recognised);
  await sounds.startRecognizing(caller, {
    kind: "callMediaRecognizeChoiceOptions", choices: [{ label: "confirm", phrases: ["yes"] }],
  });
  check("a choice is", (await told("RecognizeCompleted")).choiceResult.label === "confirm");
  await sounds.startContinuousDtmfRecognition(caller);
  await sounds.stopContinuousDtmfRecognition(caller);
  await told("ContinuousDtmfRecognitionStopped");
  await sounds.sendDtmfTones(["one", "pound"], caller);
  await told("SendDtmfTonesCompleted");
  await sounds.updateTranscription("en-GB");
  await told("TranscriptionUpdated");
  await sounds.stopTranscription();
  await told("TranscriptionStopped");
  await sounds.stopMediaStreaming();
  await told("MediaStreamingStopped");
  await sounds.startMediaStreaming();
  await told("MediaStreamingStarted");
}

async function recording(connection) {
  const { serverCallId } = await connection.getCallConnectionProperties();
  const recordings = client.getCallRecording();
  const begun = await recordings.start({ callLocator: { id: serverCallId, kind: "serverCallLocator" }, recordingChannel: "mixed",
    recordingContent: "audio", recordingFormat: "wav", recordingStateCallbackEndpointUrl: callbackUrl });
  check("a recording runs", begun.recordingState === "active" && begun.recordingId, begun);
  check("and is told of", (await told("RecordingStateChanged")).recordingId === begun.recordingId);
  await recordings.pause(begun.recordingId);
  check("then rests", (await recordings.getState(begun.recordingId)).recordingState === "inactive");
  await recordings.resume(begun.recordingId);
  await recordings.stop(begun.recordingId);
}

async function streams(channels, rate) {
  const socket = await gateway.sockets.take("the media socket", (one) => one.path === "/media/1");
  check(`${channels}: the socket names its call`, socket.headers["x-ms-call-connection-id"]
    && socket.headers.authorization?.startsWith("Bearer "), socket.headers);
  const next = async (kind) => {
    const { text } = await gateway.messages.take(kind, (one) => one.text.startsWith(`{"kind":"${kind}"`));
    return StreamingData.parse(text);
  };
  const metadata = await next("AudioMetadata");
  check(`${channels}: the metadata are read`, metadata.sampleRate === rate && metadata.encoding === "PCM" && metadata.channels === 1,
    metadata);
  const audio = await next("AudioData");
  const bytes = Buffer.from(audio.data, "base64").length;
  check(`${channels}: audio is read`, bytes === rate / 50 * 2 && typeof audio.isSilent === "boolean", audio);
  check(`${channels}: its participant is as it should be`,
    channels === "unmixed" ? audio.participant.phoneNumber === caller.phoneNumber : audio.participant === undefined, audio);
  const tone = await next("DtmfData");
  check(`${channels}: a key is read`, tone.data === "1", tone);
  socket.send(createOutboundAudioData(Buffer.alloc(640).toString("base64")));
  socket.send(createOutboundStopAudioData());
}

async function words() {
  const next = async (kind) => StreamingData.parse((await gateway.messages.take(kind, (one) => one.text.includes(`"${kind}"`))).text);
  check("the transcription's metadata are read", (await next("TranscriptionMetadata")).locale === "en-US");
  const said = await next("TranscriptionData");
  check("and what was said", said.text && said.participant.phoneNumber === caller.phoneNumber && said.resultState === "Final", said);
}

async function inbound() {
  const sim = simCall("--handshake", "--keys", "12");
  const { callConnection, callConnectionProperties } = await answer("unmixed", "pcm24KMono");
  check("an answer has the call's properties", callConnectionProperties.callConnectionId
    && callConnectionProperties.targetParticipants[0].phoneNumber === ours.phoneNumber, callConnectionProperties);
  const connected = await told("CallConnected");
  check("callbacks bear the context", connected.operationContext === "context 1", connected);
  await streams("unmixed", 24_000);
  await words();
  await told("MediaStreamingStarted");
  await participants(callConnection);
  await media(callConnection);
  await recording(callConnection);
  await refused("another key is refused", () => makeClient(randomBytes(64)).getCallConnection(connected.callConnectionId)
    .getCallConnectionProperties(), 401, "Denied");
  await refused("a call that is not there is not known", () => client.getCallConnection("not there")
    .getCallConnectionProperties(), 404, "8522");
  await callConnection.hangUp(true);
  check("the end is told", (await told("CallDisconnected")).resultInformation.subCode === 7000);
  const report = JSON.parse(await sim.lines.take("the report"));
  check("the SDK's audio and its stop were understood", report.framesHeard === 1 && report.clears === 1, report);
  check("the simulator is content", await sim.gone === 0 && !report.mediaError && !report.webhookError, report);
}

async function mixedThenTransferred() {
  const sim = simCall("--keys", "1", "--fault", "throttled");
  const context = (await incoming.take("IncomingCall")).incomingCallContext;
  await refused("a context of no call is refused", () => client.rejectCall("no such context"), 400, "8523");
  incoming.push({ incomingCallContext: context });
  await refused("an answer is throttled", () => answer("mixed", "pcm16KMono"), 429, "8529");
  incoming.push({ incomingCallContext: context });
  const { callConnection } = await answer("mixed", "pcm16KMono");
  await streams("mixed", 16_000);
  await callConnection.transferCallToParticipant(colleague, { operationContext: "transfer 1" });
  const accepted = await told("CallTransferAccepted");
  check("a transfer is accepted", accepted.operationContext === "transfer 1", accepted);
  await told("CallDisconnected");
  check("and takes us out", await sim.gone === 0);
}

async function notTaken() {
  const rejected = simCall("--no-media");
  await client.rejectCall((await incoming.take("IncomingCall")).incomingCallContext, { callRejectReason: "busy" });
  check("a call is rejected", JSON.parse(await rejected.lines.take("the report")).rejected && await rejected.gone === 0);
  const redirected = simCall("--no-media");
  await client.redirectCall((await incoming.take("IncomingCall")).incomingCallContext, { targetParticipant: colleague });
  check("a call is redirected", await redirected.gone === 0);
}

async function outbound() {
  const service = start(["sim", "acs-service"]);
  await service.lines.take("the delivery secret", (line) => line.includes("DELIVERY_SECRET"));
  const { callConnection, callConnectionProperties } = await client.createCall(
    { targetParticipant: caller, sourceCallIdNumber: ours }, callbackUrl, { operationContext: "out 1" });
  check("a call is made", callConnectionProperties.sourceCallerIdNumber.phoneNumber === ours.phoneNumber, callConnectionProperties);
  check("and answered", (await told("CallConnected")).operationContext === "out 1");
  await callConnection.hangUp(true);
  await told("CallDisconnected");
  check("the service ends when told", await service.end() === 0);
}

// Our gateway, between the service and a tap on its side of the media socket.
async function ourGateway() {
  const [port, data] = [await freePort(), mkdtempSync(join(tmpdir(), "acs-sdk-"))];
  writeFileSync(join(data, "trunkline.yaml"), "routes:\n  - name: all\n    greeting: Welcome to Trunkline.\n");
  const server = start(["serve", "--config", join(data, "trunkline.yaml")], {
    HOST: "127.0.0.1", PORT: String(port), DATA_DIR: join(data, "data"), LOG_LEVEL: "error",
  });
  const tap = await startTap(port);
  const deadline = Date.now() + 40_000;
  const ready = () => fetch(`http://127.0.0.1:${port}/readyz`).then((reply) => reply.status === 200, () => false);
  while (!await ready() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  const sim = start(["--json", "sim", "call", "--provider", "acs", "--target", tap.origin]);
  const audio = StreamingData.parse(await tap.messages.take("audio of the gateway"));
  check("what our gateway says is read by the SDK", StreamingData.getStreamingKind() === "AudioData"
    && Buffer.from(audio.data, "base64").length % 640 === 0, audio);
  const report = JSON.parse(await sim.lines.take("the report"));
  check("and heard by the service", report.framesHeard > 10 && !report.mediaError && !report.webhookError, report);
  check("both end well", await sim.gone === 0 && await server.end() === 0);
  tap.stop();
}

try {
  for (const part of [inbound, mixedThenTransferred, notTaken, outbound, ourGateway]) {
    for (const inbox of [incoming, callbacks, gateway.sockets, gateway.messages]) inbox.clear();
    await part();
  }
  check("the SDK knew all events, of which there were many kinds", seen.size >= 18, [...seen]);
} catch (error) {
  check("nothing was missing", false, String(error?.stack ?? error));
} finally {
  gateway.stop();
}
process.exit(failed ? 1 : 0);
