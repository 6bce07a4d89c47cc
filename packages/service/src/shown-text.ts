import { stripVTControlCharacters } from 'node:util';

/**
 * Somebody else's text as a terminal may show it: one line, without control characters (C0, C1), escape sequences or
 * marks that reverse the direction of writing. A market's question could otherwise write over what stands before it.
 */
export function shownText(text: string): string {
  return stripVTControlCharacters(text).replace(LINE_BREAKS, ' ').replace(CONTROLS, '');
}

/** The same for JSON on one line, where nothing is lost: what a terminal would obey is escaped. */
export function shownJson(json: string): string {
  return json.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const LINE_BREAKS = /[\t-\r\u0085\u2028\u2029]+/g;
/** Category Cc, the line separators, and the marks and overrides of bidirectional text. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
