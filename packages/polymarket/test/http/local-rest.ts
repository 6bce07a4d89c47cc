import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { deepJson } from '../json-sample.ts';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

type Asked = { url: URL; method: string; headers: IncomingMessage['headers']; body: string; atMs: number };

/** An HTTP server on loopback that gives its answers one after the other, and then repeats the last one. */
export class LocalRest implements AsyncDisposable {
  readonly requests: Asked[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(...answers: Answer[]): Promise<LocalRest> {
    return await LocalRest.answering((_, index) => answers[Math.min(index, answers.length - 1)]);
  }

  /** Answers each request by its content; `index` counts requests from 0. */
  static async answering(answerTo: (asked: Asked, index: number) => Answer | undefined): Promise<LocalRest> {
    const server = createServer();
    const rest = new LocalRest(server);
    server.on('request', (request, response) => {
      const { url = '', method = '', headers } = request;
      const asked: Asked = { url: new URL(url, rest.url), method, headers, body: '', atMs: performance.now() };
      const index = rest.requests.push(asked) - 1;
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        asked.body += chunk;
      });
      request.on('end', () => answerTo(asked, index)?.(response, request));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return rest;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

export const json =
  (body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(deepJson(body));

export const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);
