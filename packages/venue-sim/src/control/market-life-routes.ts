import type { Pair } from '../exchange/market-life.ts';
import { ResolutionsOutgrownError, type TruthResolution } from '../exchange/resolution-truth.ts';
import { HttpProblem, type Route, type RouteRequest } from '../rest/http-routes.ts';
import { MarketStepError } from '../venue-sim-errors.ts';
import { controlBody } from './control-body.ts';
import type { MarketLifeControl, ResolveOptions } from './market-life-control.ts';

/** `/sim/...`: what happens to a market after its opening, and the truth about it. */
export function marketLifeRoutes(life: MarketLifeControl): Route[] {
  function step(
    name: string,
    act: (conditionId: string, body: { payouts: Pair; marks?: Pair } & ResolveOptions) => TruthResolution | null,
  ): Route {
    return {
      method: 'POST',
      path: new RegExp(`^/markets/(0x[0-9a-f]+)/${name}$`),
      answer: async ({ parameters, body }: RouteRequest) => {
        const given = controlBody(await body()) as { payouts: Pair; marks?: Pair } & ResolveOptions;
        const truth = refusing(() => act(parameters[0] ?? '', given));
        if (truth === null) throw new HttpProblem(404, { error: 'no market with this condition' });
        return { json: truth };
      },
    };
  }
  return [
    step('end-trading', (conditionId, { marks }) => life.endTrading(conditionId, marks)),
    step('propose', (conditionId, { payouts }) => life.propose(conditionId, payouts)),
    step('dispute', (conditionId) => life.dispute(conditionId)),
    step('resolve', (conditionId, { payouts, ...options }) => life.resolve(conditionId, payouts, options)),
    step('reopen', (conditionId) => life.reopen(conditionId)),
    {
      method: 'GET',
      path: /^\/resolutions$/,
      answer: () => ({ lines: lines(refusing(() => life.truth())) }),
    },
  ];
}

const LINES_PER_CHUNK = 1_000;

/** Calls, and turns what cannot be into an answer that says why. */
function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MarketStepError) throw new HttpProblem(409, { error: error.message });
    if (!(error instanceof ResolutionsOutgrownError)) throw error;
    throw new HttpProblem(409, { error: `${error.message}. ${error.operatorAction}` });
  }
}

async function* lines(entries: readonly TruthResolution[]): AsyncGenerator<string> {
  for (let index = 0; index < entries.length; index += LINES_PER_CHUNK) {
    const part = entries.slice(index, index + LINES_PER_CHUNK);
    yield part.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}
