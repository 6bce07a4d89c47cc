/** Runs the jobs until the signal aborts; when one fails the others are stopped, and its error comes out. */
export async function together(
  jobs: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failing = new AbortController();
  const stop = AbortSignal.any([signal, failing.signal]);
  await Promise.all(jobs.map((job) => job(stop).catch((error: unknown) => failing.abort(error))));
  failing.signal.throwIfAborted();
}
