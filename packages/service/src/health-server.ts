import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** The reasons why a service is not ready; empty if it is. */
export type Readiness = () => string[];

/** What a ready service is currently doing, such as `standing by`; null if that is always the same. */
export type Activity = () => string | null;

/**
 * Answers `/healthz` (the process is alive), `/readyz` (it does its job, or the reasons why not) and `/metrics` (Prometheus).
 * The log line `Health endpoint listening.` names the port, in case the process was started with port 0.
 */
export class HealthServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #shown: Shown;

  /** @throws {PortTakenError} Another process listens there. */
  static async listen(o: { host: string; port: number; metrics: Metrics; log: Logger }): Promise<HealthServer> {
    const shown: Shown = { readiness: () => ['starting'], activity: () => null };
    const server = createServer((request, response) => {
      answer(request, response, { metrics: o.metrics, ...shown }).catch((error: unknown) => {
        // A metric that throws is a bug, but must not end the recording.
        o.log.warn({ err: error, path: request.url }, 'The health endpoint could not answer a request.');
        response.writeHead(500).end();
      });
    });
    server.listen(o.port, o.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new PortTakenError(o.host, o.port, error);
    }
    const { port } = server.address() as AddressInfo;
    o.log.info({ httpPort: port }, 'Health endpoint listening.');
    return new HealthServer(server, port, shown);
  }

  private constructor(server: Server, port: number, shown: Shown) {
    this.#server = server;
    this.#shown = shown;
    this.port = port;
  }

  /** Sets the answer of `/readyz`, which is `starting` until then. */
  report(readiness: Readiness, activity: Activity = () => null): void {
    this.#shown.readiness = readiness;
    this.#shown.activity = activity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

type Shown = { readiness: Readiness; activity: Activity };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  o: { metrics: Metrics } & Shown,
): Promise<void> {
  const path = request.url?.split('?')[0];
  if (path === '/healthz') {
    response.end('alive\n');
  } else if (path === '/readyz') {
    const reasons = o.readiness();
    response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': 'application/json' });
    const activity = o.activity();
    const answered = { ready: reasons.length === 0, ...(activity === null ? {} : { activity }), reasons };
    response.end(`${JSON.stringify(answered)}\n`);
  } else if (path === '/metrics') {
    const text = await o.metrics.text();
    response.writeHead(200, { 'content-type': o.metrics.contentType }).end(text);
  } else {
    response.writeHead(404).end('Try /healthz, /readyz or /metrics.\n');
  }
}

/** The health endpoint could not listen: the port is taken or not permitted. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly disposition = 'stop';
  readonly operatorAction = 'Set HTTP_PORT to a free port, or to 0 to pick one.';

  constructor(host: string, port: number, cause: unknown) {
    super(`HTTP_PORT: cannot listen on ${host}:${port}`, { cause });
  }
}
