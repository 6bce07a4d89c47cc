import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The functions in which each process spent its time, from the CPU profiles in a directory. */
export function summariseProfiles(directory: string): string[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.cpuprofile'));
  return files.toSorted().flatMap((file) => {
    const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Profile;
    return [`  ${file.replace('.cpuprofile', '')}, share of its busy time:`, ...topFunctions(profile)];
  });
}

/** What V8 writes; `timeDeltas` are microseconds. */
type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
};

/** The functions with the most time of their own, without what they call. */
export function topFunctions({ nodes, samples, timeDeltas }: Profile): string[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[at] ?? 0));
  }
  times.delete('(idle)');
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return top.map(([name, time]) => `    ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
}

/** `publish publisher.ts:120`. */
function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${place}`;
}

const SHOWN = 8;
