/** Runs the jobs side by side until the signal aborts. @throws The error of the first job that fails; the others stop. */
export async function together(
  jobs: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failing = new AbortController();
  const stop = AbortSignal.any([signal, failing.signal]);
  await Promise.all(jobs.map((job) => job(stop).catch((error: unknown) => failing.abort(error))));
  failing.signal.throwIfAborted();
}
