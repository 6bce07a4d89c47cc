import { conditionId, FieldError, fields, list, optionalFlag, tokenId } from '../channel/event-fields.ts';

/** What the CLOB says of a market, as far as it tells how it ended. Source: `GET /markets/{condition_id}`. */
export type ClobMarket = {
  conditionId: string;
  /** In the order of the outcomes. */
  tokenIds: [string, string];
  closed: boolean;
  acceptingOrders: boolean;
  /** Ids of the tokens that are marked as winners: of most closed markets none. */
  winners: string[];
};

/** @throws {FieldError} It is no market of two tokens. */
export function readClobMarket(raw: unknown): ClobMarket {
  const market = fields(raw, 'the market');
  const tokens = list(market.tokens, 'tokens', 2).map((token) => {
    const given = fields(token, 'a token');
    return { tokenId: tokenId(given.token_id, 'token_id'), isWinner: optionalFlag(given.winner, 'winner') ?? false };
  });
  const [first, second] = tokens;
  if (first === undefined || second === undefined) throw new FieldError(`${tokens.length} tokens, not two`);
  return {
    conditionId: conditionId(market.condition_id, 'condition_id'),
    tokenIds: [first.tokenId, second.tokenId],
    closed: optionalFlag(market.closed, 'closed') ?? false,
    acceptingOrders: optionalFlag(market.accepting_orders, 'accepting_orders') ?? false,
    winners: tokens.filter(({ isWinner }) => isWinner).map((token) => token.tokenId),
  };
}
