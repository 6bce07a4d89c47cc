import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BadAnswer, cursorOf } from './bad-answers.ts';
import { spoilt } from './spoilt-answer.ts';

/** A request to a route. */
export type RouteRequest = {
  query: URLSearchParams;
  /** The matched groups of the route's path. */
  parameters: string[];
  /** The body as JSON. @throws {HttpProblem} 400 if it is not JSON, 413 if it is too large. */
  body: () => Promise<unknown>;
};

/** An answer: a JSON value, ready JSON text, plain text, or a stream of JSON lines. */
type RouteAnswer =
  | { json: unknown; status?: number }
  | { jsonText: string }
  | { text: string }
  | { lines: AsyncIterable<string> };

/** One route; `path` must match the whole path below the host's prefix. */
export type Route = {
  method: 'GET' | 'POST';
  path: RegExp;
  answer: (request: RouteRequest) => RouteAnswer | Promise<RouteAnswer>;
};

/** An error answer; `body` is its JSON in the style of the host. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** Answers a request from a host's routes: 404 if no path matches, 405 if the method does not. */
export async function answerFrom(
  routes: readonly Route[],
  {
    request,
    response,
    path,
    query,
    bad = null,
  }: {
    request: IncomingMessage;
    response: ServerResponse;
    path: string;
    query: URLSearchParams;
    /** The fault of the answer. */
    bad?: BadAnswer | null;
  },
): Promise<void> {
  try {
    const matching = routes.filter((route) => route.path.test(path));
    if (matching.length === 0) throw new HttpProblem(404, { error: `no route ${path}` });
    const route = matching.find(({ method }) => method === request.method);
    if (route === undefined) throw new HttpProblem(405, { error: `${request.method} is not allowed here` });
    const parameters = (route.path.exec(path) ?? []).slice(1);
    const answer = await route.answer({ query, parameters, body: () => readJson(request) });
    await write(response, bad === null ? answer : { bad, value: jsonOf(answer), cursor: cursorOf(query) });
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    await write(response, { json: error.body, status: error.status });
  }
}

const BODY_BYTES_MAX = 16 * 1024 * 1024;

type SpoiltAnswer = { bad: BadAnswer; value: unknown; cursor: string | null };

async function write(response: ServerResponse, answer: RouteAnswer | SpoiltAnswer): Promise<void> {
  if ('bad' in answer) {
    await writeBadly(response, answer);
  } else if ('lines' in answer) {
    await writeLines(response, answer.lines);
  } else if ('text' in answer) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(answer.text);
  } else {
    const text = 'jsonText' in answer ? answer.jsonText : JSON.stringify(answer.json);
    const status = 'json' in answer ? (answer.status ?? 200) : 200;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text);
  }
}

function jsonOf(answer: RouteAnswer): unknown {
  if ('jsonText' in answer) return JSON.parse(answer.jsonText);
  return 'json' in answer ? answer.json : null;
}

async function writeBadly(response: ServerResponse, { bad, value, cursor }: SpoiltAnswer): Promise<void> {
  const text = JSON.stringify(spoilt(value, bad.kind, cursor));
  if (bad.kind === 'slow') await untilLate(response, bad.delayMs);
  const bytes = Buffer.from(text);
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length });
  if (bad.kind !== 'truncated') response.end(bytes);
  else response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}

/** Resolves after a delay, or earlier when the client disconnects. */
async function untilLate(response: ServerResponse, delayMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function writeLines(response: ServerResponse, lines: AsyncIterable<string>): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  // Reads the first part before sending the head, so that an immediate failure still becomes an error answer.
  let part = await iterator.next();
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (; part.done !== true && !response.destroyed; part = await iterator.next()) {
    if (!response.write(part.value)) await new Promise((resolve) => whenRoom(response, resolve));
  }
  response.end();
}

/** Calls back when the client has received everything written, or has disconnected. */
function whenRoom(response: ServerResponse, callback: (value: unknown) => void): void {
  const done = (): void => {
    response.off('drain', done);
    response.off('close', done);
    callback(undefined);
  };
  response.on('drain', done);
  response.on('close', done);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw new HttpProblem(413, { error: 'request body is too large' });
    chunks.push(chunk as Buffer);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpProblem(400, { error: 'request body is not JSON' });
  }
}
