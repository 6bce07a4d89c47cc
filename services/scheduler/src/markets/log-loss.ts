import type { StreamState } from '@polytape/bus';

/**
 * What the stream MARKETS lost between two looks at it, in words; null when nothing. It keeps the last message of each
 * subject for ever, so it never has fewer of them than before.
 */
export function logLoss(before: StreamState, now: StreamState): string | null {
  if (now.streamCreatedAt !== before.streamCreatedAt) return 'it was deleted and made anew';
  if (now.lastSequence < before.lastSequence)
    return `its last message is ${now.lastSequence}, and was ${before.lastSequence}`;
  return now.messages < before.messages ? `it holds ${now.messages} messages, and held ${before.messages}` : null;
}
