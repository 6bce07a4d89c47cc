import { describe, expect, test } from 'vitest';
import { against, type Figure, figureOf } from '../src/measure.ts';
import { figureLine, quickLine } from '../src/report/figure-text.ts';
import { performancePage } from '../src/report/performance-page.ts';
import { topFunctions } from '../src/report/profile-summary.ts';
import { type SectionResult, withSection } from '../src/report/results-file.ts';

const MACHINE = { processor: '2 × Abacus', memory: '4 GiB', versions: 'Node 24' };
const SECTION = { name: 'frames', title: 'Frames', about: 'On one core.' };
const parsed = figureOf('parsed', 'frames/s', 'more', [90, 100, 130]);

function resultOf(...figures: Figure[]): SectionResult {
  return { measuredOn: '2026-11-21', machine: MACHINE, figures };
}

describe('a figure', () => {
  test('is the median of its runs, with their spread', () => {
    expect(parsed).toMatchObject({ median: 100, min: 90, max: 130, runs: 3 });
  });

  test('is printed with its spread and its ratio to the baseline', () => {
    const line = figureLine(against(figureOf('recognised', 'frames/s', 'more', [150, 250, 350]), parsed));
    expect(line.replace(/ +/g, ' ')).toBe(' recognised 250 frames/s (150 to 350, 3 runs); 2.5 × parsed (100)');
  });

  test('is printed for a quick look with its ratio to the committed result', () => {
    expect(quickLine(parsed, { ...parsed, median: 200 }).replace(/ +/g, ' ')).toBe(
      ' parsed 100 frames/s 0.50 × the reported 200',
    );
    expect(quickLine(parsed, undefined)).toContain('not in the report');
  });
});

describe('the results', () => {
  test('keep the figures of a section that were not measured again', () => {
    const [slow, fast] = ['200/s', '1,000/s'].map((group) => ({ ...parsed, group })) as [Figure, Figure];
    const again = { ...fast, median: 7 };
    const results = withSection({ frames: resultOf(slow, fast) }, 'frames', resultOf(again));
    expect(results.frames?.figures).toEqual([slow, again]);
  });

  test('become a page with a table of rates, a table of single figures, and where they were measured', () => {
    const latency = figureOf('p99', 'ms', 'less', [3]);
    const rates = [
      { ...latency, group: '1,000/s' },
      { ...latency, group: '200/s' },
    ];
    const page = performancePage([SECTION], { frames: resultOf(parsed, ...rates) });
    expect(page).toContain('## Frames');
    expect(page).toContain('| | 200/s | 1,000/s |');
    expect(page).toContain('| parsed | 100 frames/s | 90 to 130 | 3 |');
    expect(page).toContain('Measured on 2026-11-21: 2 × Abacus, 4 GiB; Node 24.');
  });
});

test('a profile is summed up by the time of each function without what it calls, idle time aside', () => {
  const node = (id: number, functionName: string, url = '') => ({
    id,
    callFrame: { functionName, url, lineNumber: 9 },
  });
  const nodes = [node(1, '(idle)'), node(2, 'publish', 'file:///src/publisher.ts'), node(3, 'parse')];
  const profile = { nodes, samples: [1, 2, 3, 2], timeDeltas: [900, 30, 20, 50] };
  expect(topFunctions(profile)).toEqual(['     80.0 %  publish src/publisher.ts:10', '     20.0 %  parse']);
});
