import { HttpProblem, type Route } from '../rest/http-routes.ts';
import {
  BadAnswerRequestError,
  LedgerOutgrownError,
  MarketStepError,
  ResolutionsOutgrownError,
  TradeRequestError,
} from '../venue-sim-errors.ts';

/** A POST route. `act` gets the body, which must be a JSON object, and the groups of the path. Its result is the answer. */
export function post(path: RegExp, act: (body: Record<string, unknown>, parameters: string[]) => unknown): Route {
  return {
    method: 'POST',
    path,
    answer: async ({ body, parameters }) => {
      const given = await body();
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        throw badControl('the body must be a JSON object');
      }
      try {
        return { json: await act(given as Record<string, unknown>, parameters) };
      } catch (error) {
        throw problemOf(error);
      }
    },
  };
}

/** A GET route that answers with JSON lines. */
export function getLines(path: RegExp, lines: () => AsyncIterable<string>): Route {
  return { method: 'GET', path, answer: () => ({ lines: withProblems(lines) }) };
}

/** The answer to an invalid request; `error` says what would be valid. */
export function badControl(error: string): HttpProblem {
  return new HttpProblem(400, { error });
}

async function* withProblems(lines: () => AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* lines();
  } catch (error) {
    throw problemOf(error);
  }
}

/** Turns an error of the venue into an answer with the reason. Other errors are returned unchanged. */
function problemOf(error: unknown): unknown {
  if (error instanceof TradeRequestError || error instanceof BadAnswerRequestError) return badControl(error.message);
  if (error instanceof MarketStepError) return new HttpProblem(409, { error: error.message });
  if (error instanceof LedgerOutgrownError || error instanceof ResolutionsOutgrownError) {
    return new HttpProblem(409, { error: `${error.message}. ${error.operatorAction}` });
  }
  return error;
}
