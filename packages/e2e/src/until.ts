import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until `ask` returns something, and returns it. Use it for conditions of other processes, which emit no event here. The
 * deadline is generous because other tests run at the same time.
 *
 * @throws {DeadlineError} The time is up; the message says what was awaited, and what was seen or thrown last.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  o: { withinMs?: number; seen?: () => string } = {},
): Promise<T> {
  const withinMs = o.withinMs ?? DEADLINE_MS;
  const deadline = performance.now() + withinMs;
  let trouble: unknown;
  for (;;) {
    const askedAtMs = performance.now();
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error; // a process that is still starting refuses the connection
    }
    const nowMs = performance.now();
    if (nowMs > deadline) throw new DeadlineError(what, withinMs, o.seen?.(), trouble);
    // A question costs both sides, and most conditions take seconds: ask for at most a tenth of the time.
    await delay(Math.min(Math.max(POLL_MS_MIN, 9 * (nowMs - askedAtMs)), POLL_MS_MAX));
  }
}

/** An awaited condition was not met in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(what: string, withinMs: number, seen: string | undefined, cause: unknown) {
    const because = cause === undefined ? '' : ` (${cause instanceof Error ? cause.message : String(cause)})`;
    super(`Not within ${withinMs / 1_000} s: ${what}${because}.${seen === undefined ? '' : `\n${seen}`}`, { cause });
  }
}

/** Much longer than anything takes on an idle machine. */
export const DEADLINE_MS = 45_000;
const POLL_MS_MIN = 25;
const POLL_MS_MAX = 250;
