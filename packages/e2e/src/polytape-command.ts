import { fileURLToPath } from 'node:url';
import { ProcessUnderTest } from './process-under-test.ts';

/** Runs the `polytape` command in a process of its own. */
export function spawnPolytape(
  args: readonly string[],
  env: Record<string, string>,
  o: { terminal?: boolean } = {},
): ProcessUnderTest {
  const main = fileURLToPath(import.meta.resolve('../../cli/src/main.ts'));
  return ProcessUnderTest.spawn({ name: `polytape ${args.join(' ')}`, main, args, env, ...o });
}
