/**
 * Resolves after this time (24.8 days at most: a longer timer would fire at once) or when the signal aborts. It never
 * rejects, so callers check the signal afterwards.
 */
export async function rest(ms: number, signal?: AbortSignal): Promise<void> {
  await new WakeUp().wait(ms, signal);
}

/** Waits for the promise, but no longer than this time. @throws as the promise. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, rest(ms, over.signal)]).finally(() => over.abort());
}

/**
 * Wakes a loop that compares and acts: on a change, after a time, and when its signal aborts. A change that comes while
 * the loop is at work ends its next wait at once, so none is missed; any number of changes count as one.
 */
export class WakeUp {
  #isDue = false;
  #end: (() => void) | null = null;

  /** Ends the present wait, or else the next one. */
  wake(): void {
    this.#isDue = true;
    this.#end?.();
  }

  /** Never rejects, so the loop checks the signal afterwards. One wait at a time. */
  async wait(msMax: number, signal?: AbortSignal): Promise<void> {
    if (!this.#isDue && !signal?.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.max(0, Math.min(msMax, TIMER_MS_MAX)));
      const onAbort = () => resolve();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#end = resolve;
      await promise;
      this.#end = null;
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    }
    this.#isDue = false;
  }
}

const TIMER_MS_MAX = 2 ** 31 - 1;
