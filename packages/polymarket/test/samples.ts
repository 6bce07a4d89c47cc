import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MarketEvent } from '../src/channel/market-event.ts';
import { type FrameElement, parseFrame } from '../src/channel/parse-frame.ts';

/** Frames of our own making, shaped like recorded ones, in the order of samples/market-channel.jsonl. */
const [
  snapshot = '',
  priceChange = '',
  bookAfterTrade = '',
  trade = '',
  spacedTrade = '',
  mixed = '',
  oldPriceChange = '',
  oldestPriceChange = '',
  tickSizeChange = '',
  bestBidAsk = '',
  newMarket = '',
  marketResolved = '',
] = readFileSync(join(import.meta.dirname, 'samples', 'market-channel.jsonl'), 'utf8').split('\n');

export const sample = {
  snapshot,
  priceChange,
  bookAfterTrade,
  trade,
  spacedTrade,
  mixed,
  oldPriceChange,
  oldestPriceChange,
  tickSizeChange,
  bestBidAsk,
  newMarket,
  marketResolved,
};

export const CONDITION = '0x76e97e7f6935242df4d8e0a7802c78252d0d6ed6a062a9e3217301d84f8b72ae';
export const TOKEN_A = '11899514373471973608519169286495491671071960139041823419028190083819197304119';
export const TOKEN_B = '10952010080892468536247813623593738759481102183786377453910979971260060912120';
export const TRANSACTION = '0xd33a320f75eacdfadd1a7a065481ee4aa506bf965dfec5a50c33e12a42e3bb3b';

/** The trade sample with some fields replaced; `undefined` leaves a field out. */
export function tradeWith(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...JSON.parse(sample.trade), ...fields });
}

export function elementsOf(text: string): FrameElement[] {
  const frame = parseFrame(text);
  return frame.kind === 'events' ? frame.elements : [];
}

/** The only event of a frame. */
export function eventOf(text: string): MarketEvent {
  const [element, ...others] = elementsOf(text);
  if (element?.kind !== 'event' || others.length > 0) throw new Error(`not one event: ${JSON.stringify(element)}`);
  return element.event;
}

/** `book`, `priceChange`, … or `unknown`, `bad`, for each element of a frame. */
export function kindsOf(text: string): string[] {
  return elementsOf(text).map((element) => (element.kind === 'event' ? element.event.type : element.kind));
}
