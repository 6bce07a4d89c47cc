import { excerpt } from '../excerpt.ts';
import { arrayElements } from './array-elements.ts';
import { FieldError, type Flaw, isFields } from './event-fields.ts';
import { isPong } from './is-pong.ts';
import type { MarketEvent } from './market-event.ts';
import { readEvent } from './read-event.ts';
import { readPlainTrade } from './read-plain-trade.ts';

/** What a text frame of the market channel holds. */
export type ParsedFrame =
  /** The answer to our PING. */
  | { kind: 'pong' }
  /** One element for a single object, or one for each entry of an array. `[]` has none, and means nothing. */
  | { kind: 'events'; elements: FrameElement[] }
  /** Not a JSON object or array. The caller has the text. */
  | { kind: 'garbage'; reason: string };

/** One object of a frame. Each is read on its own, so that a bad one never hides its neighbours. */
export type FrameElement =
  /** With a `flaw`, an optional field is wrong and is null in `event`; `raw` and `reason` as below. */
  | { kind: 'event'; event: MarketEvent; flaw?: { reason: string; raw: string } }
  /** An event of an unknown type, or an object that names none. `raw` is its JSON as received. */
  | { kind: 'unknown'; eventType: string | null; raw: string }
  /** An event with a required field missing or wrong. `raw` is its JSON as received, `reason` tells the operator why. */
  | { kind: 'bad'; reason: string; raw: string };

/** Parses one text frame. Never throws. */
export function parseFrame(text: string): ParsedFrame {
  const trade = readPlainTrade(text);
  if (trade !== null) return { kind: 'events', elements: [{ kind: 'event', event: trade }] };
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
    return {
      kind: 'garbage',
      reason: `an array of ${value.length} elements; at most ${FRAME_ELEMENTS_MAX} are accepted`,
    };
  }
  // Source texts are needed only for bad and unknown elements, so the frame is split when the first one is found.
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

/** Whether the JSON was cut off rather than malformed: V8 reports the end of input, or a position at the end. */
function endsEarly(text: string, error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  return /end of JSON|Unterminated/.test(message) || Number(position ?? -1) >= text.trimEnd().length;
}

/** Far above the 500 books of the largest subscription. */
const FRAME_ELEMENTS_MAX = 100_000;
const EVENT_TYPE_LENGTH_MAX = 64;
const EXCERPT_LENGTH = 60;
