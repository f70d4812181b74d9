// Status callbacks as a Node service takes them: the signature is checked, the call's row is written, Redis is told.
// PORT, DATABASE_URL, REDIS_URL, TWILIO_AUTH_TOKEN and PUBLIC_URL are its settings.
import crypto from 'node:crypto';
import express from 'express';
import { Redis } from 'ioredis';
import pg from 'pg';

const { PORT, DATABASE_URL, REDIS_URL, TWILIO_AUTH_TOKEN, PUBLIC_URL } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const redis = new Redis(REDIS_URL);

await pool.query(`CREATE TABLE IF NOT EXISTS calls (
  sid text PRIMARY KEY, account text NOT NULL, direction text, caller text, callee text, status text NOT NULL,
  sequence integer NOT NULL, duration integer, created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now())`);
const store = {
  name: 'store',
  text: `INSERT INTO calls (sid, account, direction, caller, callee, status, sequence, duration)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sid) DO UPDATE SET status = excluded.status,
    sequence = excluded.sequence, duration = coalesce(excluded.duration, calls.duration), updated_at = now()`,
};

function isSigned(request) {
  const fields = Object.keys(request.body).sort().map((name) => name + request.body[name]);
  const text = PUBLIC_URL + request.originalUrl + fields.join('');
  const expected = crypto.createHmac('sha1', TWILIO_AUTH_TOKEN).update(text).digest();
  const given = Buffer.from(request.get('X-Twilio-Signature') ?? '', 'base64');
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

const app = express().disable('x-powered-by').set('etag', false);
app.get('/readyz', (request, response) => response.json({ status: 'ready' }));
app.post('/webhooks/twilio/status', express.urlencoded({ extended: false }), async (request, response) => {
  if (!isSigned(request)) return response.sendStatus(403);
  const { CallSid, AccountSid, Direction, From, To, CallStatus, SequenceNumber, CallDuration } = request.body;
  const duration = CallDuration ? Number(CallDuration) : null;
  await pool.query({ ...store, values: [CallSid, AccountSid, Direction, From, To, CallStatus, Number(SequenceNumber), duration] });
  await redis.pipeline()
    .hset(`call:${CallSid}`, { status: CallStatus, sequence: SequenceNumber, from: From, to: To })
    .publish('calls', JSON.stringify({ callSid: CallSid, status: CallStatus }))
    .exec();
  return response.sendStatus(204);
});
app.listen(Number(PORT), '127.0.0.1', 4096);
