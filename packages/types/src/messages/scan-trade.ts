import { DECIMAL_LENGTH_MAX } from '../identity/decimal.ts';
import { CONDITION_ID_LENGTH_MAX, TOKEN_ID_LENGTH_MAX } from '../identity/ids.ts';
import { ORDINAL_MAX } from '../identity/trade-identity.ts';
import { isPlausibleTime } from './plausible-time.ts';

/** A trade as the bytes of its message. Offsets are into the body, and ends are exclusive; -1 stands for null. */
export type ScannedTrade = {
  tokenId: string;
  conditionId: string;
  /** Where the 16 hex digits of the content are. */
  contentAt: number;
  ordinal: number;
  isBuy: boolean;
  priceAt: number;
  priceEnd: number;
  sizeAt: number;
  sizeEnd: number;
  feeRateAt: number;
  feeRateEnd: number;
  /** The hex digits after `0x`. */
  hashAt: number;
  hashEnd: number;
  exchangeAtMs: number;
  receivedAtUs: number;
  isLive: boolean;
};

/**
 * Reads a trade from the bytes that ingestors publish: the members of `Trade` in one order, without spaces and escapes. A tenth
 * of the time of `decodeTrade`, and nothing passes here that would not pass there. Null for any other body, good or bad, and
 * then `decodeTrade` decides.
 */
export function scanTrade(subject: string, body: Uint8Array): ScannedTrade | null {
  const contentAt = past(TRADE_ID, body, 0);
  const contentEnd = pastHexDigits(body, contentAt);
  if (contentEnd - contentAt !== 16 || body[contentEnd] !== DASH) return null;
  const ordinalEnd = pastDigits(body, contentEnd + 1);
  const ordinal = wholeNumber(body, contentEnd + 1, ordinalEnd);
  if (!(ordinal <= ORDINAL_MAX) || ordinalEnd - contentEnd > 6) return null;

  const conditionAt = past(CONDITION_ID, body, ordinalEnd);
  if (body[conditionAt] !== ZERO || body[conditionAt + 1] !== X) return null;
  const conditionEnd = pastHexDigits(body, conditionAt + 2);
  const conditionLength = conditionEnd - conditionAt;
  if (conditionLength < 3 || conditionLength > CONDITION_ID_LENGTH_MAX) return null;
  const tokenAt = past(TOKEN_ID, body, conditionEnd);
  const tokenEnd = pastDigits(body, tokenAt);
  const tokenLength = tokenEnd - tokenAt;
  if (tokenLength < 1 || tokenLength > TOKEN_ID_LENGTH_MAX) return null;
  const tokenInSubject = SUBJECT.length + conditionLength + 1;
  if (subject.length !== tokenInSubject + tokenLength || !subject.startsWith(SUBJECT)) return null;
  if (!isSame(body, conditionAt, conditionEnd, subject, SUBJECT.length)) return null;
  if (!isSame(body, tokenAt, tokenEnd, subject, tokenInSubject) || subject[tokenInSubject - 1] !== '.') return null;

  let priceAt = past(BUY, body, tokenEnd);
  const isBuy = priceAt > 0;
  if (!isBuy) priceAt = past(SELL, body, tokenEnd);
  const priceEnd = pastDecimal(body, priceAt);
  const sizeAt = past(SIZE, body, priceEnd);
  const sizeEnd = pastDecimal(body, sizeAt);
  const feeRateAt = past(FEE_RATE, body, sizeEnd);
  const feeRateEnd = pastDecimal(body, feeRateAt);
  const feeEnd = feeRateAt < 0 ? past(NO_FEE_RATE, body, sizeEnd) : pastQuote(body, feeRateEnd);
  const hashAt = past(HASH, body, feeEnd);
  const hashEnd = pastHexDigits(body, hashAt);
  const hashLength = hashEnd - hashAt;
  if (hashAt > 0 && (hashLength === 0 || hashLength % 2 !== 0 || hashLength > HASH_LENGTH_MAX)) return null;

  const exchangeAt = past(EXCHANGE_AT, body, hashAt < 0 ? past(NO_HASH, body, feeEnd) : pastQuote(body, hashEnd));
  const exchangeEnd = pastDigits(body, exchangeAt);
  const exchangeAtMs = jsonNumber(body, exchangeAt, exchangeEnd);
  const receivedAt = past(RECEIVED_AT, body, exchangeEnd);
  const receivedEnd = pastDigits(body, receivedAt);
  const receivedAtUs = jsonNumber(body, receivedAt, receivedEnd);
  if (!isPlausibleTime(exchangeAtMs) || !Number.isSafeInteger(receivedAtUs)) return null;
  let end = past(WEBSOCKET, body, receivedEnd);
  const isLive = end > 0;
  if (!isLive) end = past(DATA_API, body, receivedEnd);
  if (end !== body.length) return null;

  const conditionId = subject.slice(SUBJECT.length, tokenInSubject - 1);
  const tokenId = subject.slice(tokenInSubject);
  // biome-ignore format: a line a field would be twenty
  return {
    tokenId, conditionId, contentAt, ordinal, isBuy, priceAt, priceEnd, sizeAt, sizeEnd, feeRateAt, feeRateEnd,
    hashAt, hashEnd, exchangeAtMs, receivedAtUs, isLive,
  };
}

/*
 * Each of these goes past something in the body and returns where that ends. FAILED if it is not there, or if the place to begin
 * at is FAILED itself, so that only the last of a row needs to be checked.
 */

function past(expected: Uint8Array, body: Uint8Array, at: number): number {
  if (at < 0) return FAILED;
  for (let i = 0; i < expected.length; i++) if (body[at + i] !== expected[i]) return FAILED;
  return at + expected.length;
}

function pastQuote(body: Uint8Array, at: number): number {
  return at >= 0 && body[at] === QUOTE ? at + 1 : FAILED;
}

/** Any number of digits, even none. */
function pastDigits(body: Uint8Array, at: number): number {
  let end = at;
  while (isDigit(body[end])) end += 1;
  return end;
}

/** Any number of hex digits in lower case, even none. */
function pastHexDigits(body: Uint8Array, at: number): number {
  let end = at;
  while (IS_HEX_DIGIT[body[end] ?? 0] === 1) end += 1;
  return end;
}

/** See `isDecimal`. */
function pastDecimal(body: Uint8Array, at: number): number {
  if (at < 0) return FAILED;
  let end = pastDigits(body, at);
  let digits = end - at;
  if (body[end] === POINT) {
    const fractionAt = end + 1;
    end = pastDigits(body, fractionAt);
    digits += end - fractionAt;
  }
  return digits > 0 && end - at <= DECIMAL_LENGTH_MAX ? end : FAILED;
}

/** The number that these digits are, exact up to 2^53; NaN if there are none. */
function wholeNumber(body: Uint8Array, at: number, end: number): number {
  let value = end > at ? 0 : Number.NaN;
  for (let i = at; i < end; i++) value = value * 10 + ((body[i] ?? ZERO) - ZERO);
  return value;
}

/** As `wholeNumber`; NaN for a zero before other digits, too, which JSON does not allow. */
function jsonNumber(body: Uint8Array, at: number, end: number): number {
  return at < 0 || (body[at] === ZERO && end > at + 1) ? Number.NaN : wholeNumber(body, at, end);
}

function isSame(body: Uint8Array, at: number, end: number, text: string, textAt: number): boolean {
  for (let i = at; i < end; i++) if (body[i] !== text.charCodeAt(textAt + i - at)) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

const FAILED = -1;
const bytes = (text: string) => new TextEncoder().encode(text);
const SUBJECT = 'pm.trade.';
const TRADE_ID = bytes('{"tradeId":"');
const CONDITION_ID = bytes('","conditionId":"');
const TOKEN_ID = bytes('","tokenId":"');
const BUY = bytes('","side":"BUY","price":"');
const SELL = bytes('","side":"SELL","price":"');
const SIZE = bytes('","size":"');
const FEE_RATE = bytes('","feeRateBps":"');
const NO_FEE_RATE = bytes('","feeRateBps":null');
const HASH = bytes(',"transactionHash":"0x');
const NO_HASH = bytes(',"transactionHash":null');
const EXCHANGE_AT = bytes(',"exchangeAtMs":');
const RECEIVED_AT = bytes(',"receivedAtUs":');
const WEBSOCKET = bytes(',"source":"websocket"}');
const DATA_API = bytes(',"source":"data_api"}');

const QUOTE = 0x22;
const DASH = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const X = 0x78;

const HASH_LENGTH_MAX = 128;
const IS_HEX_DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[0-9a-f]/.test(String.fromCharCode(byte))));
