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
  if (answer.data.length === 0) return withoutBody(answer.headers?.code ?? 0);
  let body: PubAck | null;
  try {
    body = JSON.parse(DECODER.decode(answer.data));
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

/** The last sequence in an answer of `STREAM.INFO`; null when the stream does not answer. */
export function readLastSequence(answer: Pick<Msg, 'data'>): number | null {
  try {
    const info: { state?: { last_seq?: unknown } } = JSON.parse(DECODER.decode(answer.data));
    return typeof info.state?.last_seq === 'number' ? info.state.last_seq : null;
  } catch {
    return null;
  }
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
