/** A client's message on the market channel. */
export type ClientMessage =
  | { kind: 'ping' }
  | { kind: 'initial'; tokenIds: string[]; initialDump: boolean; flagged: boolean }
  | { kind: 'operation'; operation: 'subscribe' | 'unsubscribe'; tokenIds: string[]; flagged: boolean }
  | { kind: 'invalid' };

/** Parses a client's text frame; everything that the venue would refuse is `invalid`. */
export function readClientMessage(text: string): ClientMessage {
  if (text === 'PING') return { kind: 'ping' };
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { kind: 'invalid' };
  }
  if (typeof message !== 'object' || message === null) return { kind: 'invalid' };
  const fields = message as Record<string, unknown>;
  const tokenIds = fields.assets_ids;
  if (!Array.isArray(tokenIds) || !tokenIds.every((id) => typeof id === 'string')) return { kind: 'invalid' };
  const flagged = fields.custom_feature_enabled === true;
  if (fields.operation === 'subscribe' || fields.operation === 'unsubscribe') {
    return { kind: 'operation', operation: fields.operation, tokenIds, flagged };
  }
  if (fields.operation === undefined && fields.type === 'market') {
    return { kind: 'initial', tokenIds, initialDump: fields.initial_dump !== false, flagged };
  }
  return { kind: 'invalid' };
}
