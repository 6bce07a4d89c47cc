import { z } from 'zod';

/** One setting: its parser, its default and its documentation. */
export type Setting<T> = {
  readonly schema: z.ZodType<T>;
  /** Used when the variable is absent or empty, in the form of the variable's text; null if the variable is required. */
  readonly defaultText: string | null;
  readonly description: string;
  /** Describes valid values; completes the sentence `It must be …`. */
  readonly takes: string;
  /** Never printed in any message. */
  readonly secret: boolean;
};

/** The settings of one process by environment variable: the only source of values, types and documentation. */
export type ConfigTable = Record<string, Setting<unknown>>;

/** Pairs of settings; the first must not exceed the second. */
export type ConfigOrder<T extends ConfigTable> = readonly (readonly [
  lower: keyof T & string,
  upper: keyof T & string,
])[];

/** The values of a table. */
export type Config<T extends ConfigTable> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never };

/** A whole number in a range that includes both ends, at most 2,147,483,647. */
export function integer(o: { default: number; min: number; max?: number; description: string }): Setting<number> {
  const max = o.max ?? INTEGER_MAX;
  const takes = o.max === undefined ? `a whole number from ${o.min}` : `a whole number from ${o.min} to ${o.max}`;
  return {
    schema: z
      .string()
      .regex(/^\d+$/)
      .transform(Number)
      .refine((value) => value >= o.min && value <= max),
    defaultText: String(o.default),
    description: o.description,
    takes,
    secret: false,
  };
}

/** A whole number, or 0 with a special meaning, which is the default. */
export function integerOrZero(o: { min: number; description: string }): Setting<number> {
  const whole = integer({ default: 0, min: 0, description: o.description });
  return {
    ...whole,
    schema: whole.schema.refine((value) => value === 0 || value >= o.min),
    takes: `0, or a whole number from ${o.min}`,
  };
}

/**
 * A URL with one of the given protocols, such as `wss:`. `secret` keeps it out of messages, because any part of it may be a
 * password. With the default `''` it is optional.
 */
export function url(o: {
  default: string;
  protocols: string[];
  description: string;
  secret?: boolean;
}): Setting<string> {
  return {
    schema: z
      .string()
      .refine(
        (text) =>
          (text === '' && o.default === '') || (URL.canParse(text) && o.protocols.includes(new URL(text).protocol)),
      ),
    defaultText: o.default,
    description: o.description,
    takes: `an address that starts with ${o.protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    secret: o.secret ?? false,
  };
}

/** One of several words. */
export function choice<const V extends string>(o: {
  default: V;
  values: readonly V[];
  description: string;
}): Setting<V> {
  return {
    schema: z.string().refine((text): text is V => (o.values as readonly string[]).includes(text)) as z.ZodType<V>,
    defaultText: o.default,
    description: o.description,
    takes: `one of ${o.values.join(', ')}`,
    secret: false,
  };
}

/** Any text. */
export function text(o: { default: string; pattern?: RegExp; takes: string; description: string }): Setting<string> {
  return {
    schema: o.pattern === undefined ? z.string() : z.string().regex(o.pattern),
    defaultText: o.default,
    description: o.description,
    takes: o.takes,
    secret: false,
  };
}

/** The maximum of a timer in milliseconds: Node turns a longer one into 1 ms. Counts stay far below it. */
const INTEGER_MAX = 2 ** 31 - 1;
