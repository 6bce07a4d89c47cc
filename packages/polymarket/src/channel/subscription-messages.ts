/** The first message of a connection; the venue accepts only one. Without an explicit `initial_dump` some books never came. */
export function firstMessage(tokenIds: Iterable<string>, options: { customFeatures: boolean }): string {
  return JSON.stringify({
    assets_ids: [...tokenIds],
    type: 'market',
    custom_feature_enabled: options.customFeatures,
    initial_dump: true,
    level: 2,
  });
}

/** Messages that change the subscription of an open connection. The venue does not confirm them. */
export function operationMessages(
  operation: 'subscribe' | 'unsubscribe',
  tokenIds: readonly string[],
  options: { customFeatures: boolean },
): string[] {
  const messages: string[] = [];
  for (let from = 0; from < tokenIds.length; from += OPERATION_TOKENS_MAX) {
    const assets_ids = tokenIds.slice(from, from + OPERATION_TOKENS_MAX);
    // The flag in a later message replaces the connection's, so it is repeated.
    const flags = operation === 'subscribe' ? { custom_feature_enabled: options.customFeatures, level: 2 } : {};
    messages.push(JSON.stringify({ operation, assets_ids, ...flags }));
  }
  return messages;
}

const OPERATION_TOKENS_MAX = 100;
