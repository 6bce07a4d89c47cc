import { describe, expect, test } from 'vitest';
import { figureOf } from '../src/measure.ts';
import { growthPlot } from '../src/report/growth-plot.ts';

describe('the plot of growth', () => {
  const figures = [500, 312_000].flatMap((tokens) =>
    ['nats', 'writer', 'scheduler'].map((name, at) => ({
      ...figureOf(`memory, ${name}`, 'MiB', 'less', [60 + at + tokens / 1_000]),
      group: `${tokens.toLocaleString('en-US')} tokens`,
    })),
  );
  const others = [figureOf('memory, nats, for each 1,000 tokens more', 'MiB', 'less', [5])];
  const svg = growthPlot([...figures, ...others]);

  test('has a line and a label with the last value for each process', () => {
    expect(svg.match(/<circle/g)).toHaveLength(6);
    for (const label of ['nats, 372 MiB', 'writer, 373 MiB', 'scheduler, 374 MiB']) expect(svg).toContain(`>${label}<`);
    expect(svg).not.toContain('NaN');
  });

  test('has no two labels at the same height', () => {
    const heights = [...svg.matchAll(/y="([\d.]+)" text-anchor="start"/g)]
      .map(([, y]) => Number(y))
      .toSorted((a, b) => a - b);
    expect(heights).toHaveLength(3);
    for (let at = 1; at < heights.length; at += 1) {
      expect((heights[at] ?? 0) - (heights[at - 1] ?? 0)).toBeGreaterThanOrEqual(16);
    }
  });

  test('places a larger venue to the right and more memory higher', () => {
    const dots = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    const [small, large] = dots;
    expect(large?.x).toBeGreaterThan(small?.x ?? 0);
    expect(large?.y).toBeLessThan(small?.y ?? 0);
  });
});
