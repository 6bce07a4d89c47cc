import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder =
  process.env.POLYTAPE_FIXTURES ?? fileURLToPath(new URL('../../../../shared/polymarket/fixtures', import.meta.url));

/** Whether this machine has the folder of recorded data, which is not part of the project. */
export const fixturesPresent = existsSync(folder);

/** The text of a recorded file. */
export function readFixture(path: string): string {
  return readFileSync(`${folder}/${path}`, 'utf8');
}

/** An invented sample with the shape of a recorded one. */
export function readSample(name: string): string {
  return readFileSync(new URL(`./samples/${name}`, import.meta.url), 'utf8');
}

/** The bytes of a recorded file. */
export function fixtureBytes(path: string): Buffer {
  return readFileSync(`${folder}/${path}`);
}
