/**
 * Tells without parsing whether a frame is worth parsing: most frames are quotes, and JSON.parse costs a hundred times
 * as much as one search.
 *
 * - `trade`: an `event_type` in it is `last_trade_price`, and none before it is unknown. Parse it.
 * - `known`: every `event_type` in it is a quote (`book`, `price_change`, `best_bid_ask`). Nothing in it is recorded.
 * - `unknown`: anything else, the rarer events among it. Parse it.
 *
 * What `known` promises, for well-formed JSON: no element of the frame is a trade, good or bad, and each element that
 * names an event names a quote. An unknown or rarer event beside a quote in one array makes the frame `unknown`. What
 * `known` cannot see: a quote with bad fields; an element without any `event_type` in an array whose others are
 * quotes; an object that names no event itself but holds a quote further down; text that is not JSON but begins, ends
 * and names its event like a quote. None of these can carry a trade. Those who need them (until every token of a shard
 * has its book, say) parse every frame.
 *
 * How: quotes hold no backslash, so a frame with one is `unknown`, and an escape cannot disguise a name. Then every
 * `event_type` key is looked at, wherever it stands and with or without spaces. A book's key `last_trade_price` and a
 * question that speaks of `last_trade_price` are no values of that key. The search begins at the `v`, the rarest
 * letter: V8 looks for the first letter of a needle, and `e` is all over hashes.
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

/** Whether the first and the last character that are not white space belong together. */
function isWrapped(text: string): boolean {
  let first = 0;
  let last = text.length - 1;
  while (isSpace(text.charCodeAt(first))) first += 1;
  while (last > first && isSpace(text.charCodeAt(last))) last -= 1;
  const opened = text.charCodeAt(first);
  return text.charCodeAt(last) === opened + 2 && (opened === OPEN_BRACE || opened === OPEN_BRACKET);
}

/** What the `event_type` names whose `v` stands at `at`; `other` also when it is no such key. */
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
