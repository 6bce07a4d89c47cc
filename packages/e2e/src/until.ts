import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks until the answer is something, and gives it. A condition of another process is awaited like this: there is no
 * event of it here, and the deadline is generous because other tests run at the same time.
 *
 * @throws {DeadlineError} It never was; the message says what was waited for and the last thing seen or thrown.
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
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error; // a process that is not up yet refuses the connection
    }
    if (performance.now() > deadline) throw new DeadlineError(what, withinMs, o.seen?.(), trouble);
    await delay(POLL_MS);
  }
}

/** What was waited for did not come. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(what: string, withinMs: number, seen: string | undefined, cause: unknown) {
    const because = cause === undefined ? '' : ` (${cause instanceof Error ? cause.message : String(cause)})`;
    super(`Not within ${withinMs / 1_000} s: ${what}${because}.${seen === undefined ? '' : `\n${seen}`}`, { cause });
  }
}

/** Far above what anything here takes on a machine that is not busy. */
export const DEADLINE_MS = 45_000;
const POLL_MS = 25;
