import { HttpProblem } from '../rest/http-routes.ts';

/** The body of a control request as an object. @throws {HttpProblem} 400: it is none. */
export function controlBody(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badControl('the body is a JSON object');
  return body as Record<string, unknown>;
}

/** The answer to a control request that cannot be understood; `error` says what would be right. */
export function badControl(error: string): HttpProblem {
  return new HttpProblem(400, { error });
}
