import { excerpt } from '../excerpt.ts';
import { arrayElements } from './array-elements.ts';
import { FieldError, type Flaw, isFields } from './event-fields.ts';
import { isPong } from './is-pong.ts';
import type { MarketEvent } from './market-event.ts';
import { readEvent } from './read-event.ts';

/** What a text frame of the market channel holds. */
export type ParsedFrame =
  /** The answer to our PING. */
  | { kind: 'pong' }
  /** One element for a single object, one for each entry of an array; none for `[]`, which means nothing. */
  | { kind: 'events'; elements: FrameElement[] }
  /** Not an object or array of JSON at all. The caller has the text. */
  | { kind: 'garbage'; reason: string };

/** One object of a frame. Each is judged alone: a bad one never hides its neighbours. */
export type FrameElement =
  /** `flaw`: an optional field is wrong, and null in `event`. `raw` and `reason` as below. */
  | { kind: 'event'; event: MarketEvent; flaw?: { reason: string; raw: string } }
  /** An event that is not known here, or an object that names none. `raw` is its JSON as received. */
  | { kind: 'unknown'; eventType: string | null; raw: string }
  /** A known event with a required field missing or wrong. `raw` is its JSON as received, `reason` words for the operator. */
  | { kind: 'bad'; reason: string; raw: string };

/** Reads one text frame. Never throws, whatever the text. */
export function parseFrame(text: string): ParsedFrame {
  if (isPong(text)) return { kind: 'pong' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'garbage', reason: garbageReason(text, error) };
  }
  if (isFields(value)) return { kind: 'events', elements: [readElement(value, () => text.trim())] };
  if (!Array.isArray(value)) return { kind: 'garbage', reason: 'JSON, but neither an object nor an array' };
  if (value.length > FRAME_ELEMENTS_MAX) {
    return { kind: 'garbage', reason: `an array of ${value.length} elements; at most ${FRAME_ELEMENTS_MAX} are read` };
  }
  // Only a bad or unknown element is needed in its own words, so the text is cut up when the first is met.
  let sources: string[] | undefined;
  const elements = value.map((element, index) =>
    readElement(element, () => {
      sources ??= arrayElements(text);
      return sources[index] ?? '';
    }),
  );
  return { kind: 'events', elements };
}

function readElement(value: unknown, source: () => string): FrameElement {
  if (!isFields(value)) return { kind: 'bad', reason: 'the element is not an object', raw: source() };
  const eventType = value.event_type;
  if (typeof eventType !== 'string') return { kind: 'unknown', eventType: null, raw: source() };
  try {
    const flaw: Flaw = { reason: null };
    const event = readEvent(eventType, value, flaw);
    if (event !== null && flaw.reason === null) return { kind: 'event', event };
    if (event !== null) {
      return { kind: 'event', event, flaw: { reason: `${eventType}: ${flaw.reason}`, raw: source() } };
    }
    return { kind: 'unknown', eventType: excerpt(eventType, EVENT_TYPE_LENGTH_MAX), raw: source() };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { kind: 'bad', reason: `${eventType}: ${error.message}`, raw: source() };
  }
}

function garbageReason(text: string, error: unknown): string {
  const begins = excerpt(text.trimStart().slice(0, EXCERPT_LENGTH).trimEnd(), EXCERPT_LENGTH);
  if (text.trim() === '') return 'an empty frame';
  const what = /^[[{]/.test(begins) && endsEarly(text, error) ? 'JSON that ends early' : 'not JSON';
  return `${what} (${text.length} characters), begins: ${begins}`;
}

/** Cut off rather than nonsense: V8 says that the input ended, or names a position at its end. */
function endsEarly(text: string, error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  return /end of JSON|Unterminated/.test(message) || Number(position ?? -1) >= text.trimEnd().length;
}

/** A subscription of 500 tokens answers with 500 books in one array. */
const FRAME_ELEMENTS_MAX = 100_000;
const EVENT_TYPE_LENGTH_MAX = 64;
const EXCERPT_LENGTH = 60;
