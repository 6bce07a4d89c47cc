import type { Pair } from '../exchange/market-life.ts';
import type { TruthResolution } from '../exchange/resolution-truth.ts';
import { HttpProblem, type Route } from '../rest/http-routes.ts';
import { getLines, post } from './control-route.ts';
import type { MarketLifeControl, ResolveOptions } from './market-life-control.ts';

/** `/sim/...`: controls markets after their opening, and reports the truth about them. */
export function marketLifeRoutes(life: MarketLifeControl): Route[] {
  type Given = { payouts: Pair; marks?: Pair } & ResolveOptions;
  const step = (name: string, act: (conditionId: string, given: Given) => TruthResolution | null) =>
    post(new RegExp(`^/markets/(0x[0-9a-f]+)/${name}$`), (body, [conditionId = '']) => {
      const truth = act(conditionId, body as Given);
      if (truth === null) throw new HttpProblem(404, { error: 'no market with this condition' });
      return truth;
    });
  return [
    step('end-trading', (conditionId, { marks }) => life.endTrading(conditionId, marks)),
    step('propose', (conditionId, { payouts }) => life.propose(conditionId, payouts)),
    step('dispute', (conditionId) => life.dispute(conditionId)),
    step('resolve', (conditionId, { payouts, ...options }) => life.resolve(conditionId, payouts, options)),
    step('reopen', (conditionId) => life.reopen(conditionId)),
    getLines(/^\/resolutions$/, () => lines(life)),
  ];
}

const LINES_PER_CHUNK = 1_000;

async function* lines(life: MarketLifeControl): AsyncGenerator<string> {
  const entries = life.truth();
  for (let index = 0; index < entries.length; index += LINES_PER_CHUNK) {
    const part = entries.slice(index, index + LINES_PER_CHUNK);
    yield part.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}
