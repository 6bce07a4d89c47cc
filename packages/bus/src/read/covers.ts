/** Whether every subject that `narrow` stands for is one of `wide`: `pm.>` covers `pm.trade.*.*`, `*` covers one token. */
export function covers(wide: string, narrow: string): boolean {
  const wideTokens = wide.split('.');
  const narrowTokens = narrow.split('.');
  for (const [at, token] of wideTokens.entries()) {
    const other = narrowTokens[at];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return wideTokens.length === narrowTokens.length;
}
