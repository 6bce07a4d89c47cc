import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** An HTTP server on loopback that gives its answers one after the other, the last one for ever. */
export class LocalRest implements AsyncDisposable {
  readonly requests: { url: URL; headers: IncomingMessage['headers']; atMs: number }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(...answers: Answer[]): Promise<LocalRest> {
    const server = createServer();
    const rest = new LocalRest(server);
    server.on('request', (request, response) => {
      const answer = answers[Math.min(rest.requests.length, answers.length - 1)];
      rest.requests.push({
        url: new URL(request.url ?? '', rest.url),
        headers: request.headers,
        atMs: performance.now(),
      });
      answer?.(response, request);
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
    response
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers })
      .end(JSON.stringify(body));

export const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);
