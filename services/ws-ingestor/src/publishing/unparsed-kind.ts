/**
 * The reason why something could not be parsed, without what was found in its place: so that rubbish that is different
 * each time is told once a minute, and not each time.
 */
export function unparsedKind(reason: string): string {
  return reason
    .replace(/, begins: .*$/s, '')
    .replace(/".*"/s, '"…"')
    .replace(/\d+(\.\d+)?(e[+-]?\d+)?/g, 'N');
}
