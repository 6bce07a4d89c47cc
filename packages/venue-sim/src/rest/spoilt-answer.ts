import type { BadAnswer } from './bad-answers.ts';

/** A complete answer in place of the correct one: from a proxy before the venue, or a refusal of the venue. */
export type StandIn = { status: number; headers: Record<string, string>; text: string };

/** The answer that does not depend on the request; null if the correct answer is needed first. */
export function standInFor({ kind, host, retryAfterSeconds }: BadAnswer): StandIn | null {
  switch (kind) {
    case '429':
      return { status: 429, headers: PLAIN, text: 'error code: 1015' };
    case '429-retry-after':
      return {
        status: 429,
        headers: { ...(host === 'data' ? JSON_TEXT : PLAIN), 'retry-after': String(retryAfterSeconds) },
        text: host === 'data' ? DATA_REFUSAL : 'error code: 1015',
      };
    case '500':
      return { status: 500, headers: JSON_TEXT, text: '{"error":"internal server error"}' };
    case 'html':
      return {
        status: 200,
        headers: HTML,
        text: page('Just a moment...', 'Checking your browser before you proceed.'),
      };
    case '403':
      return { status: 403, headers: HTML, text: page('Access denied', 'Sorry, you have been blocked.') };
    default:
      return null;
  }
}

/** The correct answer with the request's own cursor as the next one, or with one malformed row. */
export function spoilt(answer: unknown, kind: BadAnswer['kind'], cursor: string | null): unknown {
  if (kind === 'repeated-cursor') return withCursor(answer, cursor);
  return kind === 'malformed-market' ? withBrokenRow(answer) : answer;
}

const PLAIN = { 'content-type': 'text/plain; charset=UTF-8' };
const HTML = { 'content-type': 'text/html; charset=UTF-8' };
const JSON_TEXT = { 'content-type': 'application/json; charset=utf-8' };
const DATA_REFUSAL = '{"error":"too many requests","code":"rate_limited","retryable":true,"trace_id":"venue-sim"}';

function page(title: string, text: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${text}</h1></body></html>\n`;
}

function withCursor(answer: unknown, cursor: string | null): unknown {
  if (!isRecord(answer)) return answer;
  if (isRecord(answer.pagination)) {
    return { ...answer, pagination: { ...answer.pagination, has_more: true, next_cursor: cursor } };
  }
  return { ...answer, next_cursor: cursor };
}

/** Replaces the first row of a list, or the first value of a map by token. */
function withBrokenRow(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.length === 0 ? answer : [brokenRow(answer[0]), ...answer.slice(1)];
  if (!isRecord(answer)) return answer;
  for (const name of ['markets', 'data']) {
    if (Array.isArray(answer[name])) return { ...answer, [name]: withBrokenRow(answer[name]) };
  }
  const [first] = Object.keys(answer);
  return first === undefined ? answer : { ...answer, [first]: 'broken' };
}

/** Every value has a wrong type. */
function brokenRow(row: unknown): unknown {
  if (!isRecord(row)) return null;
  return Object.fromEntries(Object.keys(row).map((name) => [name, { broken: true }]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
