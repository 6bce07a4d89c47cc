import type { SimMarket } from '../catalogue/sim-market.ts';
import { type Pair, type Standing, standingOf } from '../exchange/market-life.ts';

/**
 * A market at a given time, as in the Data API's `/v2/resolutions`. The venue has three kinds of rows: rows of automatic markets
 * lack the fields of a UMA question; some of the others are written by question, with prices, without payouts, and with times in
 * seconds as text; the rest have payouts and RFC 3339 times.
 */
export function resolutionRow(market: SimMarket, atMs: number): Record<string, unknown> {
  const standing = standingOf(market.steps, atMs);
  const { resolved, proposals, disputes, changedAtMs } = standing;
  const byQuestion = isByQuestion(market, standing);
  const time = (ms: number): string =>
    byQuestion ? String(Math.floor(ms / 1_000)) : new Date(ms).toISOString().replace('.000', '');
  const settled = {
    ...(byQuestion || resolved === null
      ? {}
      : { payouts: resolved.payouts.map((payout) => Math.round(Number(payout) * 1_000_000)) }),
    ...(resolved === null
      ? {}
      : {
          resolved_at: time(resolved.atMs),
          resolved_block: 80_000_000 + (Math.floor(resolved.atMs / 2_000) % 10_000_000),
        }),
    last_update_timestamp: time(changedAtMs ?? market.createdAtMs),
  };
  if (resolved?.automatic === true) {
    return {
      condition_id: market.conditionId,
      status: 'resolved',
      market_type: 'binary',
      resolution_source: 'reported',
      reporter: 'CHAINLINK',
      ...settled,
    };
  }
  return {
    question_id: market.questionId,
    condition_id: market.conditionId,
    status: statusOf(standing),
    market_type: 'binary',
    resolution_source: market.event.negRisk && disputes === 0 ? 'derived' : 'reported',
    reporter: 'UMA_OO',
    extended_review: false,
    was_disputed: disputes > 0,
    new_version_q: true,
    proposed_price: priceOf(proposals[0]),
    reproposed_price: priceOf(proposals[1]),
    price: priceOf(resolved?.payouts),
    transaction_hash: `0x${market.questionId.slice(2).split('').reverse().join('')}`,
    log_index: '170',
    ...settled,
  };
}

/** The venue calls the first dispute a challenge, after which there is a new proposal. Only a second dispute goes to the vote. */
function statusOf({ phase, disputes }: Standing): string {
  if (phase === 'resolved') return 'resolved';
  if (phase === 'proposed') return disputes > 0 ? 'reproposed' : 'proposed';
  if (phase === 'disputed') return disputes > 1 ? 'disputed' : 'challenged';
  return 'initialized';
}

/** UMA's price of a proposal: the payout of the first outcome. 69 means that there is no price. */
function priceOf(payouts: Pair | undefined): string {
  if (payouts === undefined || (payouts[0] === '0' && payouts[1] === '0')) return '69';
  return payouts[0];
}

/** Rows by question have no payouts, so they can only show what a price can: 1, 0 or a half. */
function isByQuestion(market: SimMarket, { resolved }: Standing): boolean {
  if (resolved?.automatic === true || (market.flavour * 3_571) % 1 > BY_QUESTION_SHARE) return false;
  return resolved === null || ['1', '0', '0.5'].includes(priceOf(resolved.payouts));
}

const BY_QUESTION_SHARE = 0.3;
