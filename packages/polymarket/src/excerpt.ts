import { storableText } from '@polytape/types';

/** The text as one printable line of at most `lengthMax` characters, for reasons and log lines. */
export function excerpt(text: string, lengthMax: number): string {
  const line = storableText(text.slice(0, lengthMax + 1)).replace(/[\p{Cc}\s]+/gu, ' ');
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1).toWellFormed()}…`;
}
