import type { Figure } from '../measure.ts';

/** `recognised: 920,100 frames/s (903,000 to 940,000, 5 runs); 8.3 × JSON.parse of every frame`. */
export function figureLine(figure: Figure): string {
  const { name, group, unit, median, min, max, runs } = figure;
  const spread = runs === 1 ? '(1 run)' : `(${shown(min)} to ${shown(max)}, ${runs} runs)`;
  const title = group === undefined ? name : `${group}: ${name}`;
  return `  ${title.padEnd(58)} ${shown(median).padStart(10)} ${unit.padEnd(12)} ${spread}${comparison(figure)}`;
}

/** One line with the ratio to an earlier result, for a quick look. */
export function quickLine(figure: Figure, earlier: Figure | undefined): string {
  const title = figure.group === undefined ? figure.name : `${figure.group}: ${figure.name}`;
  const value = `${shown(figure.median)} ${figure.unit}`;
  const then =
    earlier === undefined
      ? 'not in the report'
      : `${ratio(figure.median, earlier.median)} the reported ${shown(earlier.median)}`;
  return `  ${title.padEnd(58)} ${value.padStart(22)}   ${then}`;
}

/** `; 8.3 × JSON.parse of every frame`, or nothing without a baseline. */
function comparison({ median, baseline }: Figure): string {
  return baseline === undefined
    ? ''
    : `; ${ratio(median, baseline.median)} ${baseline.name} (${shown(baseline.median)})`;
}

/** `2.1 ×`; a comparison with nothing has no ratio. */
export function ratio(value: number, base: number): string {
  return base === 0 ? (value === 0 ? 'as' : 'against') : `${(value / base).toPrecision(2)} ×`;
}

/** Three digits, and thousands grouped. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: digits });
}
