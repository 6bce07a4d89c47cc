/** `npx pnpm bench`: measures the recorder section by section, each figure with a baseline. Loopback only. */
import { parseArgs } from 'node:util';
import { Bench, type Section } from './bench.ts';
import { figureLine, quickLine } from './report/figure-text.ts';
import { thisMachine } from './report/machine.ts';
import { performancePage } from './report/performance-page.ts';
import { earlierFigure, readResults, withSection, writeResults } from './report/results-file.ts';
import { SECTIONS } from './sections.ts';

const say = (sentence: string) => console.log(sentence);
const { values: flags, positionals } = parsed();
if (flags.help === true) {
  say(help());
  process.exit(0);
}
if (flags.write === true && flags['cpu-prof'] !== undefined)
  wrongUsage('A profile slows everything: it is not for --write.');
if (flags.write === true && flags.quick === true) wrongUsage('--quick measures too briefly for --write.');
const options = {
  quick: flags.quick === true,
  rates: numbers('rates', flags.rates),
  seconds: numbers('seconds', flags.seconds)?.[0] ?? null,
  tokens: numbers('tokens', flags.tokens),
  cpuProf: flags['cpu-prof'] ?? null,
};
const earlier = readResults();
let results = earlier;
const machine = await thisMachine(say);
say(`${machine.processor}, ${machine.memory}; ${machine.versions}`);
for (const section of chosen(positionals)) {
  say(`\n${section.title}`);
  await using bench = new Bench(options, say);
  const figures = await section.run(bench);
  for (const figure of figures) {
    say(options.quick ? quickLine(figure, earlierFigure(earlier, section.name, figure)) : figureLine(figure));
  }
  // After each section, so that a later one that fails takes nothing away.
  results = withSection(results, section.name, { measuredOn: new Date().toISOString().slice(0, 10), machine, figures });
  if (flags.write === true) writeResults(results, performancePage(SECTIONS, results), SECTIONS);
}
if (flags.json === true) say(JSON.stringify(results));

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        write: { type: 'boolean' },
        json: { type: 'boolean' },
        rates: { type: 'string' },
        seconds: { type: 'string' },
        tokens: { type: 'string' },
        'cpu-prof': { type: 'string' },
      },
    });
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
}

function numbers(option: string, text: string | undefined): number[] | null {
  const found = text?.split(',').map(Number) ?? null;
  if (found?.some((number) => !(number > 0)) === true) wrongUsage(`--${option} takes numbers above 0, not '${text}'.`);
  return found;
}

function chosen(names: readonly string[]): readonly Section[] {
  if (names.length === 0) return SECTIONS.filter(({ isQuick }) => isQuick || !options.quick);
  return names.map(
    (name) => SECTIONS.find((section) => section.name === name) ?? wrongUsage(`There is no section '${name}'.`),
  );
}

function wrongUsage(what: string): never {
  console.error(`bench: ${what} \`npx pnpm bench --help\` shows the usage.`);
  process.exit(2);
}

function help(): string {
  const sections = SECTIONS.map(
    ({ name, title, isQuick }) => `  ${name.padEnd(12)} ${title}${isQuick ? '' : ' (not with --quick)'}`,
  );
  return `npx pnpm bench [section ...] [options]

Measures the recorder. Without a section it measures all of them, which takes about half an hour.

Sections:
${sections.join('\n')}

Options:
  --quick              a few minutes, one line a figure with its ratio to docs/performance.json
  --write              put the figures into docs/performance.json and docs/performance.md
  --json               print all results as JSON, on the last line
  --rates <list>       e2e: trades a second, such as 200,5000
  --seconds <number>   e2e: measured seconds of each rate (30)
  --tokens <list>      growth: sizes of the venue, such as 500,50000
  --cpu-prof <dir>     e2e: write a CPU profile of each process, and print where their time went

Examples:
  npx pnpm bench --quick
  npx pnpm bench frames writer
  npx pnpm bench e2e --rates 5000 --seconds 60 --cpu-prof .polytape/profiles
  npx pnpm bench --write`;
}
