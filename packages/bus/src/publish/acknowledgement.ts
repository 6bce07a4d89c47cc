import type { Msg } from '@nats-io/transport-node';

/**
 * What the answer to a publish means for the message: it is stored (now, or it was already), it is at fault itself and
 * would be refused forever, or the server has a problem that may pass.
 */
export type Acknowledgement =
  | { kind: 'stored'; stream: string; sequence: number; duplicate: boolean }
  | { kind: 'rejected'; reason: string }
  | { kind: 'retry'; reason: string };

export function readAcknowledgement(answer: Pick<Msg, 'data' | 'headers'>): Acknowledgement {
  const { data } = answer;
  if (data.length === 0) return withoutBody(answer.headers?.code ?? 0);
  const stored = readStored(data);
  if (stored !== null) return stored;
  let body: PubAck | null;
  try {
    body = JSON.parse(DECODER.decode(data));
  } catch {
    return { kind: 'retry', reason: 'the answer is not JSON' };
  }
  if (body?.error !== undefined) {
    const { err_code: code, description } = body.error;
    const reason = `${description ?? 'refused'} (${code ?? 'no code'})`;
    return { kind: FAULTS_OF_THE_MESSAGE.has(code ?? 0) ? 'rejected' : 'retry', reason };
  }
  if (body === null || !body.stream || typeof body.seq !== 'number') {
    return { kind: 'retry', reason: 'the answer is not an acknowledgement of a stream' };
  }
  return { kind: 'stored', stream: body.stream, sequence: body.seq, duplicate: body.duplicate === true };
}

/**
 * Reads what nearly every answer is, `{"stream":"TRADES","seq":1}`, with or without `,"duplicate":true`; null when it is anything
 * else. Decoding and JSON.parse cost ten times as much.
 */
function readStored(data: Uint8Array): Acknowledgement | null {
  if (!hasAt(data, 0, STREAM)) return null;
  const nameEnd = data.indexOf(QUOTE, STREAM.length);
  if (nameEnd <= STREAM.length || !hasAt(data, nameEnd, SEQUENCE)) return null;
  let sequence = 0;
  let at = nameEnd + SEQUENCE.length;
  for (let digit = digitAt(data, at); digit >= 0; digit = digitAt(data, at)) {
    sequence = sequence * 10 + digit;
    at += 1;
  }
  if (at === nameEnd + SEQUENCE.length) return null;
  const duplicate = at + DUPLICATE.length === data.length && hasAt(data, at, DUPLICATE);
  if (!duplicate && !(at + 1 === data.length && data[at] === BRACE)) return null;
  return { kind: 'stored', stream: streamName(data, nameEnd), sequence, duplicate };
}

/** One publisher's acknowledgements nearly always name the same stream. */
function streamName(data: Uint8Array, end: number): string {
  const length = end - STREAM.length;
  if (lastName.length !== length || !hasAt(data, STREAM.length, lastName)) {
    lastName = data.slice(STREAM.length, end);
    lastStream = DECODER.decode(lastName);
  }
  return lastStream;
}

function hasAt(data: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (data[at + i] !== bytes[i]) return false;
  return true;
}

function digitAt(data: Uint8Array, at: number): number {
  const digit = (data[at] ?? 0) - 48;
  return digit <= 9 ? digit : -1;
}

type PubAck = {
  stream?: string;
  seq?: number;
  duplicate?: boolean;
  error?: { code?: number; err_code?: number; description?: string };
};

function withoutBody(status: number): Acknowledgement {
  if (status !== 503) return { kind: 'retry', reason: `empty answer, status ${status}` };
  return { kind: 'retry', reason: 'no stream on NATS takes this subject, or JetStream is not available' };
}

/** The message or its headers are larger than the stream accepts: nats-server, server/errors.json. */
const FAULTS_OF_THE_MESSAGE: ReadonlySet<number> = new Set([10_054, 10_097]);
const DECODER = new TextDecoder();
const STREAM = Buffer.from('{"stream":"');
const SEQUENCE = Buffer.from('","seq":');
const DUPLICATE = Buffer.from(',"duplicate":true}');
const QUOTE = 34;
const BRACE = 125;
let lastName: Uint8Array = new Uint8Array();
let lastStream = '';
