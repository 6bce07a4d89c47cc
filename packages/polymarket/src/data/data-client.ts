import { isConditionId } from '@polytape/types';
import { isFields } from '../channel/event-fields.ts';
import { type BadRow, badRow, readOrBad } from '../http/bad-row.ts';
import { httpUrl, placeOf, routeUrl } from '../http/http-url.ts';
import { type FailedBatch, inBatches } from '../http/in-batches.ts';
import { RATE_RULES } from '../http/rate-limiter.ts';
import type { VenueHttp } from '../http/venue-http.ts';
import { VenueAnswerError } from '../venue-errors.ts';
import { type DataResolution, readDataResolution } from './data-resolution.ts';

/** The answer for one batch of conditions. */
export type ResolutionBatch = {
  /** A condition may have several rows. */
  rows: DataResolution[];
  /** Requested and not answered: nothing was proposed yet, or the venue does not know them. */
  unknown: string[];
  bad: BadRow[];
};

/** Reads from the Data API, version 2. */
export class DataClient {
  readonly #base: URL;
  readonly #http: VenueHttp;

  /** `url` may have a path, which the routes then follow. @throws {RangeError} Not an http or https URL. */
  constructor(options: { url: string; http: VenueHttp }) {
    this.#base = httpUrl(options.url, 'The Data API');
    this.#http = options.http;
  }

  /**
   * The resolutions of any number of conditions, in batches as they come. Source: `GET /v2/resolutions`, where `condition`
   * takes at most 20 ids separated by commas; the answer is one page.
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

/** `{data: [...]}` as documented, or a bare list as recorded once. Without rows `data` may be null. */
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
    else if (id === null) bad.push(badRow(raw, read.row.conditionId, 'not requested'));
    else rows.push({ ...read.row, conditionId: id });
    if (id !== null) missing.delete(id);
  }
  return { rows, unknown: [...missing], bad };
}

/** The requested spelling of the condition id: some answers pad ids of the second position system with `00`. */
function askedId(raw: unknown, asked: readonly string[]): string | null {
  const id = isFields(raw) ? raw.condition_id : null;
  if (!isConditionId(id)) return null;
  return asked.find((one) => one === id || `${one}00` === id) ?? null;
}

const RULES = [RATE_RULES.data];
const CONDITIONS_MAX = 20;
const BATCHES_AT_ONCE_MAX = 4;
/** The next round asks again. */
const TRIES_MAX = 3;
