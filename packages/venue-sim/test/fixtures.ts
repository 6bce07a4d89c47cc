import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder =
  process.env.POLYTAPE_FIXTURES ?? fileURLToPath(new URL('../../../../shared/polymarket/fixtures', import.meta.url));

/** Whether the folder of recorded data is on this machine; it is no part of the project. */
export const fixturesPresent = existsSync(folder);

/** A recorded file, as text. */
export function readFixture(path: string): string {
  return readFileSync(`${folder}/${path}`, 'utf8');
}

/** A sample of our own, shaped by a recorded one. */
export function readSample(name: string): string {
  return readFileSync(new URL(`./samples/${name}`, import.meta.url), 'utf8');
}

/** A recorded file, as bytes. */
export function fixtureBytes(path: string): Buffer {
  return readFileSync(`${folder}/${path}`);
}
