import { isTokenId } from '../identity/ids.ts';
import { isCount, isFault, isRecord, type ValueFault } from '../messages/value-fault.ts';
import { SHARD_TOKENS_MAX } from './shard.ts';

/** Why a key of the bucket `shards` is not a number, or its value not a `Shard`; null when both are fine. */
export function shardFault(value: unknown, key: string): ValueFault {
  if (!/^(0|[1-9]\d{0,6})$/.test(key)) return 'the key is not a shard number';
  if (!isRecord(value)) return isFault('it', value);
  const { version, tokens, tokensTarget } = value;
  if (!isCount(version)) return isFault('version', version);
  if (!Array.isArray(tokens) || tokens.length === 0) return isFault('tokens', tokens);
  if (tokens.length > SHARD_TOKENS_MAX) return `it has ${tokens.length} tokens, at most ${SHARD_TOKENS_MAX}`;
  for (const token of tokens) {
    if (!isRecord(token) || !isTokenId(token.tokenId) || typeof token.conditionId !== 'string') {
      return isFault('a token', token);
    }
  }
  return tokensTarget === undefined || isCount(tokensTarget) ? null : isFault('tokensTarget', tokensTarget);
}
