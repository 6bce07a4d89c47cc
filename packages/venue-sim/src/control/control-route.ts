import { HttpProblem, type Route } from '../rest/http-routes.ts';
import {
  BadAnswerRequestError,
  LedgerOutgrownError,
  MarketStepError,
  ResolutionsOutgrownError,
  TradeRequestError,
} from '../venue-sim-errors.ts';

/** A request that changes something: `act` gets its body, a JSON object, and the groups of the path; its result is the answer. */
export function post(path: RegExp, act: (body: Record<string, unknown>, parameters: string[]) => unknown): Route {
  return {
    method: 'POST',
    path,
    answer: async ({ body, parameters }) => {
      const given = await body();
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        throw badControl('the body is a JSON object');
      }
      try {
        return { json: await act(given as Record<string, unknown>, parameters) };
      } catch (error) {
        throw problemOf(error);
      }
    },
  };
}

/** A request that asks for JSON lines, many in one text. */
export function getLines(path: RegExp, lines: () => AsyncIterable<string>): Route {
  return { method: 'GET', path, answer: () => ({ lines: withProblems(lines) }) };
}

/** The answer to a request that cannot be understood; `error` says what would be right. */
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

/** The answer that says why something cannot be done; an error of another kind stays what it is. */
function problemOf(error: unknown): unknown {
  if (error instanceof TradeRequestError || error instanceof BadAnswerRequestError) return badControl(error.message);
  if (error instanceof MarketStepError) return new HttpProblem(409, { error: error.message });
  if (error instanceof LedgerOutgrownError || error instanceof ResolutionsOutgrownError) {
    return new HttpProblem(409, { error: `${error.message}. ${error.operatorAction}` });
  }
  return error;
}
