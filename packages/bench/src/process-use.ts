import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children use, from `/proc`. */
export type ProcessUse = {
  /** Proportional: what PostgreSQL's processes share counts once. */
  memoryBytes: number;
  /** User and system time since its start. */
  cpuS: number;
};

/** Of the process with all of its descendants; null when there is no such process. Linux only. */
export function processUse(pid: number): ProcessUse | null {
  const parents = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? statOf(Number(entry)) : null;
    if (stat !== null) parents.set(Number(entry), stat);
  }
  if (!parents.has(pid)) return null;
  const use = { memoryBytes: 0, cpuS: 0 };
  const family = [pid];
  for (let next = family.pop(); next !== undefined; next = family.pop()) {
    use.memoryBytes += memoryOf(next);
    use.cpuS += parents.get(next)?.cpuS ?? 0;
    for (const [child, { parent }] of parents) if (parent === next) family.push(child);
  }
  return use;
}

type Stat = { parent: number; cpuS: number };

function statOf(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null; // it has just ended
  }
  const [, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime, stime, and those of children that have ended.
  const ticks = rest.slice(9, 13).reduce((sum, count) => sum + Number(count), 0);
  return { parent: Number(parent), cpuS: ticks / TICKS_PER_S };
}

function memoryOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** `getconf CLK_TCK` is 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;
