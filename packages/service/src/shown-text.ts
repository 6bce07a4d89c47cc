import { stripVTControlCharacters } from 'node:util';

/**
 * Makes untrusted text safe for a terminal: one line without control characters (C0, C1), escape sequences and
 * bidirectional overrides. Otherwise a market's question could overwrite other lines.
 */
export function shownText(text: string): string {
  return stripVTControlCharacters(text).replace(LINE_BREAKS, ' ').replace(CONTROLS, '');
}

/** Makes one line of JSON safe for a terminal without changing its value: the same characters are escaped. */
export function shownJson(json: string): string {
  return json.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const LINE_BREAKS = /[\t-\r\u0085\u2028\u2029]+/g;
/** Category Cc, line separators, and bidirectional marks and overrides. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
