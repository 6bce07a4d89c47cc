import { FailureLog } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { IngestorCounters } from '../ingestor-counters.ts';
import type { Succession } from './succession.ts';

/** Counts and logs the replacements of a shard's connections. */
export class RecycleLog {
  readonly #counters: IngestorCounters;
  readonly #redundancy: number;
  readonly #log: Logger;
  readonly #failures: FailureLog;

  constructor(o: { counters: IngestorCounters; redundancy: number; log: Logger }) {
    this.#redundancy = o.redundancy;
    this.#counters = o.counters;
    this.#log = o.log;
    this.#failures = new FailureLog(o.log);
  }

  began({ reason, old }: Succession): void {
    this.#counters.recycles[reason].started += 1;
    this.#log.debug(
      { reason, connectionId: old.socket?.connectionId },
      `Opening a successor to a connection (${reason}).`,
    );
  }

  failed(succession: Succession, o: { tokens: number; waitMs: number; nowMs: number }): void {
    const { reason, old, successor } = succession;
    this.#counters.recycles[reason].failed += 1;
    const isOpen = successor.socket !== null;
    const covers = isOpen
      ? `only ${successor.covered.size} of ${o.tokens} tokens had a book on it`
      : 'it could not be opened';
    const why = succession.losses > 0 ? 'it took over and then lost its socket' : covers;
    const fields = {
      reason,
      connectionId: old.socket?.connectionId,
      covered: old.covered.size,
      waitMs: o.waitMs,
    };
    this.#failures.failed(
      reason,
      fields,
      `Could not replace a connection (${reason}): ${why}. Keeping the old connection.`,
    );
  }

  completed(succession: Succession, o: { tokens: number; nowMs: number; silentMsMax: number }): void {
    const { reason, old, successor } = succession;
    this.#counters.recycles[reason].completed += 1;
    this.#counters.recycled.tokensMoved += o.tokens;
    this.#counters.recycled.overlapMs += Math.round(succession.overlappedMs(o.nowMs));
    const fields = {
      reason,
      connectionId: successor.socket?.connectionId,
      old: old.socket?.connectionId,
      tokens: o.tokens,
    };
    if (reason === 'stalled') this.#logSilence(succession, { ...fields, silentMsMax: o.silentMsMax }, o.nowMs);
    else this.#log.info(fields, `Replaced a connection (${reason}).`);
  }

  /** Whether the silence was a stall or mere quiet. */
  #logSilence(succession: Succession, known: object, nowMs: number): void {
    const { silentMs, lastFrameAtMs } = succession.silence;
    const lastFrameAt = lastFrameAtMs === null ? null : new Date(lastFrameAtMs).toISOString();
    const silentTo = new Date(Date.now() - Math.round(succession.overlappedMs(nowMs))).toISOString();
    const silentFrom = new Date(Date.parse(silentTo) - silentMs).toISOString();
    const fields = { ...known, silentMs, lastFrameAt };
    if (!succession.wasStalled) {
      this.#counters.quietSpells += 1;
      this.#log.debug(fields, 'Replaced a silent connection, although its shard was merely quiet.');
      return;
    }
    this.#counters.stalls += 1;
    this.#counters.stalledMs += silentMs;
    const dead = `Replaced a dead connection: nothing arrived on it for ${(silentMs / 1_000).toFixed(1)} s, while the books of its tokens changed.`;
    // Another ingestor has recorded the shard on its own connection.
    if (this.#redundancy > 1) this.#log.warn({ ...fields, silentFrom, silentTo }, dead);
    else
      this.#log.error(
        { ...fields, silentFrom, silentTo },
        `${dead} Trades may be missing from ${silentFrom} to ${silentTo}.`,
      );
  }
}
