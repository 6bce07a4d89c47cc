import { tokensOf } from '../bench-growth.ts';
import type { Figure } from '../measure.ts';
import { shown } from './figure-text.ts';

/** An SVG of the memory of each process by the number of tokens, both on logarithmic scales, so that equal ratios look equal. */
export function growthPlot(figures: readonly Figure[]): string {
  const memory = figures.filter(({ name, group }) => name.startsWith('memory, ') && group !== undefined);
  const names = [...new Set(memory.map(({ name }) => name))];
  const across = scale(memory.map(tokensOf), { from: LEFT, to: WIDTH - RIGHT });
  const up = scale([10, ...memory.map(({ median }) => median)], { from: HEIGHT - BOTTOM, to: TOP });
  const lines = names.map((name, at) => {
    const points = memory.filter((figure) => figure.name === name).toSorted((a, b) => tokensOf(a) - tokensOf(b));
    const places = points.map((point) => ({ x: across(tokensOf(point)), y: up(point.median) }));
    return { name: name.slice('memory, '.length), colour: COLOURS[at % COLOURS.length], places, last: points.at(-1) };
  });
  const labels = spread(lines.map(({ places }) => places.at(-1)?.y ?? 0));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">
<title>Memory of each process by the number of tokens</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="18" font-size="14" font-weight="600" fill="#222">Memory by the size of the venue</text>
${decades(memory.map(({ median }) => median))
  .map(
    (value) =>
      `<path d="M${LEFT} ${up(value)}H${WIDTH - RIGHT}" stroke="#ddd"/>${text(LEFT - 8, up(value) + 4, `${shown(value)} MiB`, 'end')}`,
  )
  .join('\n')}
${[...new Set(memory.map(tokensOf))]
  .map((tokens) => text(across(tokens), HEIGHT - BOTTOM + 20, shown(tokens), 'middle'))
  .join('\n')}
${text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'tokens', 'middle')}
${lines
  .map(({ name, colour, places, last }, at) => {
    const path = `<path d="M${places.map(({ x, y }) => `${x} ${y}`).join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`;
    const dots = places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`).join('');
    const label = `${name}, ${shown(last?.median ?? 0)} MiB`;
    return path + dots + text(WIDTH - RIGHT + 10, (labels[at] ?? 0) + 4, label, 'start', colour);
  })
  .join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor: string, colour = '#555'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}

/** A logarithmic scale over these values. */
function scale(values: readonly number[], { from, to }: { from: number; to: number }): (value: number) => number {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => Math.round((from + ((to - from) * (Math.log(value) - low)) / (high - low)) * 10) / 10;
}

/** 10, 100, … up to the largest value. */
function decades(values: readonly number[]): number[] {
  const count = Math.floor(Math.log10(Math.max(...values)));
  return Array.from({ length: count }, (_, power) => 10 ** (power + 1));
}

/** Moves labels down that would overlap the one above them. */
function spread(heights: readonly number[]): number[] {
  const moved = [...heights];
  let above = Number.NEGATIVE_INFINITY;
  for (const [at, height] of [...heights.entries()].toSorted(([, a], [, b]) => a - b)) {
    above = Math.max(height, above + LINE_HEIGHT);
    moved[at] = above;
  }
  return moved;
}

const [WIDTH, HEIGHT] = [720, 360];
const [TOP, RIGHT, BOTTOM, LEFT] = [40, 160, 46, 80];
const LINE_HEIGHT = 16;
/** Distinguishable with the common colour blindnesses (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
