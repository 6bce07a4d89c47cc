import { isConditionId, isDecimal, isTokenId, type Side, storableText } from '@polytape/types';
import { excerpt } from '../excerpt.ts';

/** A JSON object as received. */
export type Fields = Record<string, unknown>;

/** A field differs from what the venue is known to send. The message tells the operator how. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

/**
 * Collects the reason when an optional field is wrong: the field is then read as null, and the first reason is kept. Without
 * a `Flaw`, a wrong optional field throws as a required one does.
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

/** A decimal string. JSON numbers are refused, because they have been floats somewhere. */
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

/** The venue writes an absent decimal as `""`. */
export function optionalDecimal(value: unknown, name: string, flaw?: Flaw): string | null {
  if (isAbsent(value)) return null;
  return isDecimal(value) ? value : noted(unlike(value, name, 'a decimal string'), flaw);
}

export function side(value: unknown, name: string): Side {
  const text = typeof value === 'string' && value.length <= 4 ? value.toUpperCase() : value;
  if (text === 'BUY' || text === 'SELL') return text;
  throw unlike(value, name, 'BUY or SELL');
}

/** Milliseconds since the epoch, 13 digits from 2001 to 2286. Seconds or microseconds would misdate the event. */
export function timestamp(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[1-9]\d{12}$/.test(value)) return value;
  throw unlike(value, name, 'a time in milliseconds');
}

/** In lower case, because feeds that differ in case mean the same transaction. */
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

/** Empty if the list, or one of its entries, is wrong. */
export function optionalTexts(value: unknown, name: string, flaw: Flaw): string[] {
  if (isAbsent(value)) return [];
  const isList = Array.isArray(value) && value.length <= TEXTS_MAX && value.every((item) => typeof item === 'string');
  if (isList) return value.map(storableText);
  noted(unlike(value, name, `a list of at most ${TEXTS_MAX} texts`), flaw);
  return [];
}

export function list(value: unknown, name: string, lengthMax: number): unknown[] {
  if (!Array.isArray(value)) throw unlike(value, name, 'a list');
  if (value.length > lengthMax)
    throw new FieldError(`${name} has ${value.length} entries; at most ${lengthMax} are accepted`);
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

/** A market has two tokens, so a much longer list is not one. */
const TOKEN_IDS_MAX = 100;
const TEXTS_MAX = 1_000;
const VALUE_EXCERPT_LENGTH = 40;
