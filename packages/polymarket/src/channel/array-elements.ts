/**
 * The source text of each element of a JSON array, exactly as received, with the duplicate keys, spacing and digits that
 * `JSON.parse` followed by `JSON.stringify` would lose. `text` must be a well-formed array. The function is not recursive,
 * so that deep nesting cannot exhaust the stack.
 */
export function arrayElements(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = text.indexOf('[') + 1;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        break;
      case COMMA:
        if (depth === 0) {
          elements.push(text.slice(start, at).trim());
          start = at + 1;
        }
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        if (depth < 0) {
          const last = text.slice(start, at).trim();
          if (last !== '' || elements.length > 0) elements.push(last);
          return elements;
        }
        break;
    }
  }
  throw new RangeError('not a well-formed JSON array');
}

function endOfString(text: string, openedAt: number): number {
  let at = openedAt + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
