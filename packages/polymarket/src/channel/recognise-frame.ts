/**
 * Decides without parsing whether a frame is worth parsing. Most frames are quotes, and JSON.parse costs a hundred times as
 * much as one search.
 *
 * - `trade`: an `event_type` is `last_trade_price`, and none before it is unknown. Parse it.
 * - `known`: every `event_type` is a quote (`book`, `price_change`, `best_bid_ask`). Nothing in it is recorded.
 * - `unknown`: anything else, including the rarer events. Parse it.
 *
 * For well-formed JSON, `known` guarantees that no element is a trade, good or bad, and that each element that names an
 * event names a quote. An unknown or rarer event next to a quote in one array makes the frame `unknown`. `known` misses:
 * quotes with bad fields; elements without an `event_type` in an array of quotes; objects that name no event themselves
 * but contain a quote; text that is not JSON but starts, ends and names its event like a quote. None of these can
 * contain a trade. Callers that need them (until every token of a shard has its book, for example) parse every frame.
 *
 * How it works: quotes contain no backslash, so a frame with one is `unknown`, and an escape cannot disguise a name. Then
 * it checks every `event_type` key, wherever it is and with or without spaces. A book's key `last_trade_price`, or a
 * question that mentions it, is not a value of that key. The search starts at the `v`, the rarest letter of the key: V8
 * searches for the first letter of the needle, and `e` is frequent in hashes.
 */
export function recogniseFrame(text: string): 'trade' | 'known' | 'unknown' {
  if (!isWrapped(text)) return 'unknown';
  let found: 'known' | 'unknown' = 'unknown';
  for (let at = text.indexOf(NEEDLE); at >= 0; at = text.indexOf(NEEDLE, at + NEEDLE.length)) {
    const named = eventNamed(text, at);
    if (named === 'trade') return 'trade';
    if (named === 'other') return 'unknown';
    found = 'known';
  }
  return found === 'known' && text.includes('\\') ? 'unknown' : found;
}

/** Whether the first and last non-space characters are a matching pair of brackets. */
function isWrapped(text: string): boolean {
  let first = 0;
  let last = text.length - 1;
  while (isSpace(text.charCodeAt(first))) first += 1;
  while (last > first && isSpace(text.charCodeAt(last))) last -= 1;
  const opened = text.charCodeAt(first);
  return text.charCodeAt(last) === opened + 2 && (opened === OPEN_BRACE || opened === OPEN_BRACKET);
}

/** What the `event_type` whose `v` is at `at` names; `other` also if this is not such a key. */
function eventNamed(text: string, at: number): 'quote' | 'trade' | 'other' {
  if (text.charCodeAt(at - 1) !== LETTER_E || text.charCodeAt(at - 2) !== QUOTE) return 'other';
  const colon = skipSpaces(text, at + NEEDLE.length);
  if (text.charCodeAt(colon) !== COLON) return 'other';
  const value = skipSpaces(text, colon + 1);
  if (text.startsWith('"price_change"', value)) return 'quote';
  if (text.startsWith('"last_trade_price"', value)) return 'trade';
  return text.startsWith('"book"', value) || text.startsWith('"best_bid_ask"', value) ? 'quote' : 'other';
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

const NEEDLE = 'vent_type"';
const QUOTE = 0x22;
const LETTER_E = 0x65;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
