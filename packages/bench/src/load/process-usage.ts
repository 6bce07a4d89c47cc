import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children have used. */
export type Usage = { cpuSeconds: number; memoryBytes: number };

/**
 * Processor time and memory of a process and its descendants, from /proc (Linux). The memory is the proportional set size,
 * which counts memory that several processes share (the buffers of PostgreSQL) once.
 */
export function usageOf(pid: number): Usage {
  const tree = processTree();
  let cpuSeconds = 0;
  let memoryBytes = 0;
  const visit = (id: number): void => {
    const stat = tree.get(id);
    if (stat === undefined) return;
    // Of the root also its ended children, such as connections of PostgreSQL that were closed.
    cpuSeconds += (stat.own + (id === pid ? stat.ofEndedChildren : 0)) / TICKS_PER_SECOND;
    memoryBytes += memoryOf(id);
    for (const child of stat.children) visit(child);
  };
  visit(pid);
  return { cpuSeconds, memoryBytes };
}

/** The process and its descendants. */
export function processesBelow(pid: number): number[] {
  const tree = processTree();
  const below = (id: number): number[] => [id, ...(tree.get(id)?.children ?? []).flatMap(below)];
  return below(pid);
}

type Stat = { own: number; ofEndedChildren: number; children: number[] };

function processTree(): Map<number, Stat> {
  const parents = new Map<number, number>();
  const tree = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = read(`/proc/${name}/stat`);
    // The name of the program, in parentheses, may hold spaces.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [own, ended] = [(fields[11] ?? 0) + (fields[12] ?? 0), (fields[13] ?? 0) + (fields[14] ?? 0)];
    parents.set(Number(name), parent);
    tree.set(Number(name), { own, ofEndedChildren: ended, children: [] });
  }
  for (const [pid, parent] of parents) tree.get(parent)?.children.push(pid);
  return tree;
}

function memoryOf(pid: number): number {
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kibibytes ?? 0) * 1_024;
}

/** Empty if the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** USER_HZ, which is 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
