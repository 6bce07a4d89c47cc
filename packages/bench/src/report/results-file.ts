import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Section } from '../bench.ts';
import type { Figure } from '../measure.ts';
import type { Machine } from './machine.ts';

/** Content of `docs/performance.json`: the last figures of each section, with where and when they were measured. */
export type Results = Record<string, SectionResult>;

export type SectionResult = { measuredOn: string; machine: Machine; figures: Figure[] };

export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(JSON_PATH, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Adds figures of a section; those of other names and groups stay. */
export function withSection(results: Results, section: string, result: SectionResult): Results {
  const isNew = (old: Figure) =>
    !result.figures.some((figure) => figure.name === old.name && figure.group === old.group);
  const kept = (results[section]?.figures ?? []).filter(isNew);
  return { ...results, [section]: { ...result, figures: [...kept, ...result.figures] } };
}

/** Finds the same quantity in the committed results. */
export function earlierFigure(results: Results, section: string, { name, group }: Figure): Figure | undefined {
  return results[section]?.figures.find((figure) => figure.name === name && figure.group === group);
}

/** Also writes the plots of the sections that draw one. */
export function writeResults(
  results: Results,
  page: string,
  sections: readonly Pick<Section, 'name' | 'plot'>[],
): void {
  writeFileSync(JSON_PATH, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(PAGE_PATH, page);
  for (const { name, plot } of sections) {
    const result = results[name];
    if (plot !== undefined && result !== undefined) writeFileSync(docsPath(plotName(name)), plot(result.figures));
  }
}

/** The file name of a section's plot, beside the report. */
export function plotName(section: string): string {
  return `performance-${section}.svg`;
}

function docsPath(name: string): string {
  return fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url));
}

const JSON_PATH = docsPath('performance.json');
const PAGE_PATH = docsPath('performance.md');
