import type { BadAnswerRequest } from '../rest/bad-answers.ts';
import type { Route } from '../rest/http-routes.ts';
import type { VenueHost } from '../rest/rate-counts.ts';
import type { RestFaults } from '../rest/rest-faults.ts';
import { BadAnswerRequestError } from '../venue-sim-errors.ts';
import { badControl, controlBody } from './control-body.ts';

/** `/sim/...`: bad answers, wrong hashes, and what the venue counted. */
export function restFaultRoutes(rest: RestFaults): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/answers$/,
      answer: async ({ body }) => {
        try {
          rest.answerBadly(controlBody(await body()) as BadAnswerRequest);
        } catch (error) {
          if (error instanceof BadAnswerRequestError) throw badControl(error.message);
          throw error;
        }
        return { json: rest.counts() };
      },
    },
    {
      method: 'POST',
      path: /^\/answers\/clear$/,
      answer: async ({ body }) => {
        const { host } = controlBody(await body());
        rest.answerRightly(host as VenueHost | undefined);
        return { json: rest.counts() };
      },
    },
    {
      method: 'POST',
      path: /^\/wrong-hashes$/,
      answer: async ({ body }) => {
        const { oneIn } = controlBody(await body());
        if (oneIn !== null && !(typeof oneIn === 'number' && Number.isInteger(oneIn) && oneIn > 0)) {
          throw badControl("'oneIn' is a whole number above 0, or null");
        }
        rest.giveWrongHashes(oneIn);
        return { json: rest.counts() };
      },
    },
    { method: 'GET', path: /^\/rates$/, answer: () => ({ json: { windowMs: 10_000, rules: rest.rates() } }) },
  ];
}
