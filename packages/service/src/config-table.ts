import { z } from 'zod';

/** One setting: how its text becomes a value, what holds when it is not set, and what a reader is told of it. */
export type Setting<T> = {
  readonly schema: z.ZodType<T>;
  /** Holds when the variable is absent or empty, as text as if it had been set; null when it must be set. */
  readonly defaultText: string | null;
  readonly description: string;
  /** What the value may be, in words. */
  readonly takes: string;
  /** Never printed, in no message. */
  readonly secret: boolean;
};

/** The settings of one process by the names of their environment variables: the only source of values, types and docs. */
export type ConfigTable = Record<string, Setting<unknown>>;

/** Settings of which the first must not be above the second. */
export type ConfigOrder<T extends ConfigTable> = readonly (readonly [
  lower: keyof T & string,
  upper: keyof T & string,
])[];

/** The values of a table. */
export type Config<T extends ConfigTable> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never };

/** A whole number, both ends of its range included; never above 2,147,483,647. */
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

/** As `integer`, or 0, which stands for something else and is the default. */
export function integerOrZero(o: { min: number; description: string }): Setting<number> {
  const whole = integer({ default: 0, min: 0, description: o.description });
  return {
    ...whole,
    schema: whole.schema.refine((value) => value === 0 || value >= o.min),
    takes: `0, or a whole number from ${o.min}`,
  };
}

/**
 * An address with one of the given protocols, such as `wss:`. Anything in it may be a password: `secret` hides it. With
 * the default `''` it may be left out, and is `''` then.
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

/** One of a few words. */
export function choice<const V extends string>(o: {
  default: V;
  values: readonly V[];
  description: string;
}): Setting<V> {
  return {
    schema: z.string().refine((text): text is V => (o.values as readonly string[]).includes(text)) as z.ZodType<V>,
    defaultText: o.default,
    description: o.description,
    takes: o.values.join(', '),
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

/** The longest that a timer can wait, in milliseconds: beyond it, Node waits 1 ms. No count of ours comes near it. */
const INTEGER_MAX = 2 ** 31 - 1;
