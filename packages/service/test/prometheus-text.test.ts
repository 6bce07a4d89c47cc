import { describe, expect, test } from 'vitest';
import {
  addHistograms,
  histogramSince,
  parsePrometheusText,
  quantile,
  readHistogram,
  sumOf,
} from '../src/prometheus-text.ts';

const text = `
# HELP lag_seconds Lag.
# TYPE lag_seconds histogram
lag_seconds_bucket{le="0.01"} 50
lag_seconds_bucket{le="0.02"} 90
lag_seconds_bucket{le="+Inf"} 100
lag_seconds_count 100
rows{stream="A"} 3
rows{stream="B"} 4
rows_more 100
`;

describe('a scrape', () => {
  test('sums a metric over its labels and nothing else', () => {
    expect(sumOf([parsePrometheusText(text), parsePrometheusText('rows{stream="A"} 1')], 'rows')).toBe(8);
    expect(sumOf([parsePrometheusText(text)], 'nothing')).toBe(0);
  });
});

describe('a histogram', () => {
  const histogram = readHistogram(parsePrometheusText(text), 'lag_seconds');

  test('counts each bucket separately', () => {
    expect([...histogram]).toEqual([
      [0.01, 50],
      [0.02, 40],
      [Number.POSITIVE_INFINITY, 10],
    ]);
  });

  test('interpolates quantiles, and uses the last bound for what lies beyond it', () => {
    expect(quantile(histogram, 0.5)).toBeCloseTo(0.01);
    expect(quantile(histogram, 0.7)).toBeCloseTo(0.015);
    expect(quantile(histogram, 0.99)).toBe(0.02);
    expect(quantile(new Map(), 0.5)).toBeNull();
  });

  test('of two reads is their difference, and after a restart the later read', () => {
    const later = addHistograms(histogram, new Map([[0.01, 5]]));
    expect(histogramSince(histogram, later).get(0.01)).toBe(5);
    expect(histogramSince(later, histogram)).toEqual(histogram);
    expect(histogramSince(undefined, histogram)).toEqual(histogram);
  });
});
