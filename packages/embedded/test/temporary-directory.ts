import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that is removed on disposal. `closed` keeps the mode 700 of mkdtemp; otherwise other users may pass through. */
export async function temporaryDirectory({ closed = false } = {}): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'polytape-test-embedded-'));
  if (!closed) await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
