import { isConditionId } from '@polytape/types';
import { isFields } from '../channel/event-fields.ts';
import { type BadRow, badRow, readOrBad } from '../http/bad-row.ts';
import { httpUrl, placeOf, routeUrl } from '../http/http-url.ts';
import { type FailedBatch, inBatches } from '../http/in-batches.ts';
import { RATE_RULES } from '../http/rate-limiter.ts';
import type { VenueHttp } from '../http/venue-http.ts';
import { VenueAnswerError } from '../venue-errors.ts';
import { type DataResolution, readDataResolution } from './data-resolution.ts';

/** Of the conditions of one batch. */
export type ResolutionBatch = {
  /** A condition may have several. */
  rows: DataResolution[];
  /** Asked for and not answered: nothing was proposed yet, or the venue does not know them. */
  unknown: string[];
  bad: BadRow[];
};

/** Reads from the Data API, version 2. */
export class DataClient {
  readonly #base: URL;
  readonly #http: VenueHttp;

  /** `url` may have a path, which the routes then follow. @throws {RangeError} It is no http or https URL. */
  constructor(options: { url: string; http: VenueHttp }) {
    this.#base = httpUrl(options.url, 'The Data API');
    this.#http = options.http;
  }

  /**
   * Where the resolutions of these conditions stand, however many, in batches as they come. Source: `GET /v2/resolutions`,
   * `condition` being at most 20 ids with commas; the answer is one page.
   *
   * @throws as `inBatches`.
   */
  resolutions(
    conditionIds: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<ResolutionBatch | FailedBatch, void, undefined> {
    return inBatches(conditionIds, {
      idsMax: CONDITIONS_MAX,
      atOnceMax: BATCHES_AT_ONCE_MAX,
      signal,
      ask: async (ids, end) => {
        const url = routeUrl(this.#base, '/v2/resolutions');
        url.searchParams.set('condition', ids.join(','));
        const answer = await this.#http.getJson(url, { host: 'data', rules: RULES, signal: end, triesMax: TRIES_MAX });
        return resolutionsOf(ids, rowsOf(url, answer));
      },
    });
  }
}

/** `{data: [...]}` as documented, or a bare list as once recorded. No row at all may be `data: null`. */
function rowsOf(url: URL, answer: unknown): unknown[] {
  const rows = isFields(answer) && 'data' in answer ? (answer.data ?? []) : answer;
  if (Array.isArray(rows)) return rows;
  throw new VenueAnswerError(placeOf(url), 'no list of resolutions');
}

function resolutionsOf(asked: readonly string[], answer: readonly unknown[]): ResolutionBatch {
  const missing = new Set(asked);
  const rows: DataResolution[] = [];
  const bad: BadRow[] = [];
  for (const raw of answer) {
    const id = askedId(raw, asked);
    const read = readOrBad(raw, id, readDataResolution);
    if ('bad' in read) bad.push(read.bad);
    else if (id === null) bad.push(badRow(raw, read.row.conditionId, 'not asked for'));
    else rows.push({ ...read.row, conditionId: id });
    if (id !== null) missing.delete(id);
  }
  return { rows, unknown: [...missing], bad };
}

/** The condition as it was asked for: ids of the second position system come padded with `00` in some answers. */
function askedId(raw: unknown, asked: readonly string[]): string | null {
  const id = isFields(raw) ? raw.condition_id : null;
  if (!isConditionId(id)) return null;
  return asked.find((one) => one === id || `${one}00` === id) ?? null;
}

const RULES = [RATE_RULES.data];
const CONDITIONS_MAX = 20;
const BATCHES_AT_ONCE_MAX = 4;
/** What is not answered now is asked again in the next round. */
const TRIES_MAX = 3;
