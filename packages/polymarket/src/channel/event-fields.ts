import { isConditionId, isDecimal, isTokenId, type Side, storableText } from '@polytape/types';
import { excerpt } from '../excerpt.ts';

/** A JSON object as it came. */
export type Fields = Record<string, unknown>;

/** A field is not what the venue is known to send. The message is the reason, for the operator. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

/**
 * The first fault of an optional field, where the rest is to be read all the same: the field is null then. Where none is
 * passed, a bad optional field throws, as a required one does.
 */
export type Flaw = { reason: string | null };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function conditionId(value: unknown, name: string): string {
  if (isConditionId(value)) return value;
  throw unlike(value, name, 'a condition id');
}

export function tokenId(value: unknown, name: string): string {
  if (isTokenId(value)) return value;
  throw unlike(value, name, 'a token id');
}

export function tokenIds(value: unknown, name: string): string[] {
  return list(value, name, TOKEN_IDS_MAX).map((id) => tokenId(id, name));
}

/** A decimal string. A JSON number is refused: it has been through a float somewhere. */
export function decimal(value: unknown, name: string): string {
  if (isDecimal(value)) return value;
  throw unlike(value, name, 'a decimal string');
}

/** A price in [0, 1]. */
export function price(value: unknown, name: string): string {
  const text = decimal(value, name);
  if (/^(0*(\.\d*)?|0*1(\.0*)?)$/.test(text)) return text;
  throw unlike(value, name, 'a price from 0 to 1');
}

/** `""` is how the venue writes an absent decimal. */
export function optionalDecimal(value: unknown, name: string, flaw?: Flaw): string | null {
  if (isAbsent(value)) return null;
  return isDecimal(value) ? value : noted(unlike(value, name, 'a decimal string'), flaw);
}

export function side(value: unknown, name: string): Side {
  const text = typeof value === 'string' && value.length <= 4 ? value.toUpperCase() : value;
  if (text === 'BUY' || text === 'SELL') return text;
  throw unlike(value, name, 'BUY or SELL');
}

/** Milliseconds since the epoch: 13 digits from 2001 to 2286. Seconds or microseconds would misdate what follows. */
export function timestamp(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[1-9]\d{12}$/.test(value)) return value;
  throw unlike(value, name, 'a time in milliseconds');
}

/** In lower case: feeds that case it differently name one transaction. */
export function transactionHash(value: unknown, name: string, flaw?: Flaw): string | null {
  if (isAbsent(value)) return null;
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase();
  return noted(unlike(value, name, 'a transaction hash'), flaw);
}

export function optionalTokenId(value: unknown, name: string, flaw: Flaw): string | null {
  if (isAbsent(value)) return null;
  return isTokenId(value) ? value : noted(unlike(value, name, 'a token id'), flaw);
}

export function text(value: unknown, name: string): string {
  if (typeof value === 'string') return storableText(value);
  throw unlike(value, name, 'text');
}

export function optionalText(value: unknown, name: string, flaw?: Flaw): string | null {
  if (isAbsent(value)) return null;
  return typeof value === 'string' ? storableText(value) : noted(unlike(value, name, 'text'), flaw);
}

/** Empty where the list as a whole, or one of its entries, is not what it should be. */
export function optionalTexts(value: unknown, name: string, flaw: Flaw): string[] {
  if (isAbsent(value)) return [];
  const isList = Array.isArray(value) && value.length <= TEXTS_MAX && value.every((item) => typeof item === 'string');
  if (isList) return value.map(storableText);
  noted(unlike(value, name, `a list of at most ${TEXTS_MAX} texts`), flaw);
  return [];
}

/** Some flags arrive as the words. */
export function optionalFlag(value: unknown, name: string, flaw?: Flaw): boolean | null {
  if (isAbsent(value)) return null;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return noted(unlike(value, name, 'true or false'), flaw);
}

export function optionalFields(value: unknown, name: string, flaw: Flaw): Fields | null {
  if (isAbsent(value)) return null;
  return isFields(value) ? value : noted(unlike(value, name, 'an object'), flaw);
}

export function list(value: unknown, name: string, lengthMax: number): unknown[] {
  if (!Array.isArray(value)) throw unlike(value, name, 'a list');
  if (value.length > lengthMax)
    throw new FieldError(`${name} has ${value.length} entries, at most ${lengthMax} are taken`);
  return value;
}

export function fields(value: unknown, name: string): Fields {
  if (isFields(value)) return value;
  throw unlike(value, name, 'an object');
}

export function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

function noted(fault: FieldError, flaw: Flaw | undefined): null {
  if (flaw === undefined) throw fault;
  flaw.reason ??= fault.message;
  return null;
}

function unlike(value: unknown, name: string, expected: string): FieldError {
  return new FieldError(`${name} is ${described(value)}, not ${expected}`);
}

function described(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${excerpt(value, VALUE_EXCERPT_LENGTH)}"`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** A market has two tokens; a list far beyond that is no market. */
const TOKEN_IDS_MAX = 100;
const TEXTS_MAX = 1_000;
const VALUE_EXCERPT_LENGTH = 40;
