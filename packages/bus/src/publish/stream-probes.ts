import type { Msg } from '@nats-io/transport-node';
import { FailureLog } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';

export type StreamProbesOptions = {
  connection: Connection;
  /** Where answers come: this subject, a dot, and a word that `answered` receives. */
  inbox: string;
  /** How long to wait for an answer before the question is repeated and the silence is logged. */
  answerMsMax: number;
  /** The stream still had the message after `askedMs`. */
  onIntact: (stream: string, askedMs: number) => void;
  /** The stream has lost the message. */
  onTailLost: (stream: string, reason: string) => void;
};

/**
 * Asks streams whether they still have the last message that they acknowledged.
 *
 * The message itself is read (STREAM.MSG.GET), which waits for a running sync: STREAM.INFO answers from memory while the disk
 * hangs. The message's id tells it from one that another publisher or a recreated stream has put in its place. Where there is
 * no message, STREAM.INFO tells whether the stream has lost it or has removed it: for a newer one of its subject, or in a purge.
 */
export class StreamProbes {
  readonly #o: StreamProbesOptions;
  readonly #failures: FailureLog;
  /** The last question to each stream. */
  readonly #probes = new Map<string, Probe>();
  #count = 0;

  constructor(o: StreamProbesOptions) {
    this.#o = o;
    this.#failures = new FailureLog(o.connection.log);
  }

  /** Asks, unless an earlier question waits for its answer or was asked less than `intervalMs` ago. */
  ask(stream: string, last: AcknowledgedMessage, o: { intervalMs: number }): void {
    const nowMs = performance.now();
    const before = this.#probes.get(stream);
    if (before !== undefined) {
      const { answerMsMax } = this.#o;
      if (nowMs - before.askedMs < (before.word === null ? o.intervalMs : answerMsMax)) return;
      if (before.word !== null) this.#logSilence(before);
    }
    const probe: Probe = { stream, ...last, askedMs: nowMs, word: null };
    this.#probes.set(stream, probe);
    this.#send(probe, `$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq: last.sequence }));
  }

  /** Forgets the questions that were sent over a connection that is lost. */
  forget(): void {
    this.#probes.clear();
  }

  /** @param word The last word of the answer's subject. */
  answered(word: string, answer: Pick<Msg, 'data'>): void {
    const probe = [...this.#probes.values()].find((each) => each.word === word);
    if (probe === undefined) return; // too late
    probe.word = null;
    const { stream, sequence, askedMs } = probe;
    this.#failures.recovered({ stream }, `NATS answers about ${stream} again.`);
    const found = readAnswer(answer);
    if (found.message !== undefined) {
      if (headersOf(found.message).includes(`\r\nNats-Msg-Id: ${probe.messageId}\r\n`)) {
        this.#o.onIntact(stream, askedMs);
      } else this.#o.onTailLost(stream, `stream ${stream} has another message at ${sequence}`);
    } else if (found.error?.err_code === NO_MESSAGE_FOUND) {
      this.#send(probe, `$JS.API.STREAM.INFO.${stream}`, '');
    } else if (found.state !== undefined) {
      const { last_seq: lastSequence } = found.state;
      if (lastSequence >= sequence) this.#o.onIntact(stream, askedMs);
      else
        this.#o.onTailLost(
          stream,
          `stream ${stream} ends at ${lastSequence}, before messages that it had acknowledged`,
        );
    } // else the stream is away: the next question follows
  }

  #send(probe: Probe, subject: string, question: string): void {
    this.#count += 1;
    probe.word = `${PROBE_WORD}${this.#count}`;
    this.#o.connection.nats.publish(subject, question, { reply: `${this.#o.inbox}.${probe.word}` });
  }

  #logSilence({ stream, sequence }: Probe): void {
    this.#failures.failed(
      stream,
      { stream, sequence },
      `NATS does not say whether ${stream} still has message ${sequence}. What it has acknowledged since is kept until it does.`,
    );
  }
}

/** Where a stream has stored the last message that it acknowledged. */
export type AcknowledgedMessage = { sequence: number; messageId: string };

type Probe = AcknowledgedMessage & {
  stream: string;
  askedMs: number;
  /** Recognises the answer; null once it has come. */
  word: string | null;
};

/** Answers of STREAM.MSG.GET and STREAM.INFO. */
type Answer = {
  message?: { hdrs?: string };
  state?: { last_seq: number };
  error?: { err_code?: number };
};

function readAnswer({ data }: Pick<Msg, 'data'>): Answer {
  try {
    return JSON.parse(DECODER.decode(data)) ?? {};
  } catch {
    return {}; // nobody answers for this stream
  }
}

function headersOf({ hdrs = '' }: { hdrs?: string }): string {
  return Buffer.from(hdrs, 'base64').toString();
}

/** Begins the words of these answers; those of acknowledgements are numbers. */
export const PROBE_WORD = 'probe-';
/** nats-server, server/errors.json. */
const NO_MESSAGE_FOUND = 10_037;
const DECODER = new TextDecoder();
