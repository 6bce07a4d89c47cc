import { backoffMs } from '@polytape/resilience';
import type { Outgoing } from './outgoing.ts';

/**
 * The messages that were sent and not yet acknowledged, and when each has to be sent again.
 *
 * A stream acknowledges in order. While acknowledgements of messages sent before this one keep coming, it is only waiting its
 * turn; sending it again would make a slow server slower.
 */
export class Unacknowledged {
  readonly #acknowledgeMsMax: number;
  /** By key, in the order of sending. */
  readonly #messages = new Map<number, Outgoing>();
  #bytes = 0;
  /** When the last acknowledgement came, and when the youngest acknowledged message was sent. */
  #answeredMs = 0;
  #youngestAnsweredMs = 0;

  constructor(o: { acknowledgeMsMax: number }) {
    this.#acknowledgeMsMax = o.acknowledgeMsMax;
  }

  get count(): number {
    return this.#messages.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: number): Outgoing | undefined {
    return this.#messages.get(key);
  }

  values(): MapIterator<Outgoing> {
    return this.#messages.values();
  }

  /** Notes that the message is being sent, for the first time or again. */
  sent(message: Outgoing, nowMs: number): void {
    if (!this.#messages.has(message.key)) {
      this.#messages.set(message.key, message);
      this.#bytes += message.bytes;
    }
    message.attempts += 1;
    message.sentMs = nowMs;
    const minMs = this.#acknowledgeMsMax;
    message.dueMs = nowMs + backoffMs({ failures: message.attempts, minMs, maxMs: 32 * minMs, random: 0 });
  }

  answered(message: Outgoing, nowMs: number): void {
    this.#answeredMs = nowMs;
    if (message.sentMs > this.#youngestAnsweredMs) this.#youngestAnsweredMs = message.sentMs;
  }

  /** The server has a problem that may pass: sends it again after a while. */
  refused(message: Outgoing, nowMs: number): void {
    message.sentMs = 0;
    message.refusedMs ||= nowMs;
    message.dueMs = nowMs + backoffMs({ failures: message.attempts, ...RETRY_BACKOFF, random: Math.random() });
  }

  forget(message: Outgoing): void {
    if (this.#messages.delete(message.key)) this.#bytes -= message.bytes;
  }

  /** Those that have waited long enough for an acknowledgement, or after a refusal. */
  due(nowMs: number): Outgoing[] {
    return [...this.#messages.values()].filter(
      (message) => message.dueMs <= nowMs && !this.#isOnlyQueued(message, nowMs),
    );
  }

  /** Hands out all, in the order of sending. */
  take(): Outgoing[] {
    const taken = [...this.#messages.values()];
    this.#messages.clear();
    this.#bytes = 0;
    return taken;
  }

  #isOnlyQueued(message: Outgoing, nowMs: number): boolean {
    return message.sentMs > this.#youngestAnsweredMs && nowMs - this.#answeredMs < this.#acknowledgeMsMax;
  }
}

const RETRY_BACKOFF = { minMs: 50, maxMs: 5_000 };
