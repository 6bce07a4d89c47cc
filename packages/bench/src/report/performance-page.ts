import type { Section } from '../bench.ts';
import type { Figure } from '../measure.ts';
import { ratio, shown } from './figure-text.ts';
import { plotName, type Results, type SectionResult } from './results-file.ts';

/** `docs/performance.md`. */
export function performancePage(
  sections: readonly Pick<Section, 'name' | 'title' | 'about' | 'plot'>[],
  results: Results,
): string {
  const parts = sections.flatMap(({ name, title, about, plot }) => {
    const result = results[name];
    return result === undefined
      ? []
      : [
          [
            `## ${title}`,
            '',
            about,
            '',
            ...image(title, plot && plotName(name)),
            ...tables(result.figures),
            ...provenance(name, result),
          ].join('\n'),
        ];
  });
  return `${[INTRODUCTION, ...parts].join('\n\n')}\n`;
}

const INTRODUCTION = `# Performance

Written by \`npx pnpm bench --write\`; the same figures are in [performance.json](performance.json). Each figure is a median. Below it
or beside it stands the spread and, where there is one, what the plain way gives in the same run: compare these ratios first, because
absolute figures depend on the machine.

Everything runs on one machine over loopback: the load, the recorder and its servers share its cores, so a machine of your own
that runs the recorder alone does better. No network delays anything. The simulated venue sends what Polymarket sends, in the same
form; it cannot imitate the timing of a busy day.

**The plain alternative** is the program that one writes in an afternoon
([source](../packages/bench/src/plain/main.ts), a hundred lines): one process subscribes, parses every frame and inserts the trades
into PostgreSQL, as many rows a statement as have come. It has no broker, no identity of trades, no second process and no limit
of its memory. It is the yardstick for what the guarantees cost.

To repeat:

\`\`\`sh
npx pnpm bench --help          # the sections
npx pnpm bench                 # all sections, about half an hour
npx pnpm bench --quick         # a few minutes, each figure beside the one in this file
npx pnpm bench e2e --rates 5000 --cpu-prof .polytape/profiles
\`\`\``;

function image(title: string, file: string | undefined): string[] {
  return file === undefined ? [] : [`![${title}](${file})`, ''];
}

/** A table of names by groups, then a table of the figures without a group. */
function tables(figures: readonly Figure[]): string[] {
  const grouped = figures.filter(({ group }) => group !== undefined);
  const single = figures.filter(({ group }) => group === undefined);
  return [...(grouped.length === 0 ? [] : byGroup(grouped)), ...(single.length === 0 ? [] : oneALine(single))];
}

function byGroup(figures: readonly Figure[]): string[] {
  const groups = [...new Set(figures.map(({ group }) => group))].toSorted((a, b) => rateOf(a) - rateOf(b));
  const names = [...new Set(figures.map(({ name }) => name))];
  const cell = (name: string, group: string | undefined) => {
    const figure = figures.find((candidate) => candidate.name === name && candidate.group === group);
    if (figure === undefined) return '';
    const { median, min, max, runs, baseline } = figure;
    const spread = runs === 1 ? '' : ` (${shown(min)}–${shown(max)})`;
    return `**${shown(median)}**${spread}${baseline === undefined ? '' : `<br>plain: ${shown(baseline.median)}`}`;
  };
  const unitOf = (name: string) => figures.find((figure) => figure.name === name)?.unit ?? '';
  return [
    `| | ${groups.join(' | ')} |`,
    `| --- | ${groups.map(() => '---').join(' | ')} |`,
    ...names.map((name) => `| ${name}, ${unitOf(name)} | ${groups.map((group) => cell(name, group)).join(' | ')} |`),
    '',
  ];
}

/** The number that a group's name begins with. */
function rateOf(group: string | undefined): number {
  return Number.parseFloat((group ?? '').replaceAll(',', '')) || Number.POSITIVE_INFINITY;
}

function oneALine(figures: readonly Figure[]): string[] {
  return [
    '| | median | spread | runs | compared with |',
    '| --- | --: | --- | --: | --- |',
    ...figures.map(({ name, unit, median, min, max, runs, baseline }) => {
      const spread = runs === 1 ? '' : `${shown(min)} to ${shown(max)}`;
      const base =
        baseline === undefined ? '' : `${ratio(median, baseline.median)} ${baseline.name} (${shown(baseline.median)})`;
      return `| ${name} | ${shown(median)} ${unit} | ${spread} | ${runs} | ${base} |`;
    }),
    '',
  ];
}

function provenance(name: string, { measuredOn, machine }: SectionResult): string[] {
  return [
    `Measured on ${measuredOn}: ${machine.processor}, ${machine.memory}; ${machine.versions}. \`npx pnpm bench ${name}\``,
  ];
}
