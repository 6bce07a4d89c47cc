import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { VenueUrls } from './control/venue-control.ts';
import type { BadAnswer } from './rest/bad-answers.ts';
import { answerFrom, type Route } from './rest/http-routes.ts';
import type { VenueHost } from './rest/rate-counts.ts';
import type { RestFaults } from './rest/rest-faults.ts';
import { standInFor } from './rest/spoilt-answer.ts';
import { VenueSimStartError } from './venue-sim-errors.ts';

/** Accepts an upgrade request to the market channel. */
type AcceptUpgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => void;

/** The routes of each host, with the request counts and bad answers that come before them. */
export type ServeOptions = {
  hosts: Record<VenueHost | 'sim', readonly Route[]>;
  faults: Pick<RestFaults, 'badAnswers' | 'requests'>;
  acceptUpgrade: AcceptUpgrade;
};

/** The venue's port: the routes of each host below its own prefix, and the market channel at its exact path. */
export class VenueServer implements AsyncDisposable {
  readonly urls: VenueUrls;
  readonly #server: Server;
  readonly #wsPath: string;

  /** @throws {VenueSimStartError} The port is taken, or the address does not belong to this machine. */
  static async listen(options: { host: string; port: number; wsPath: string }): Promise<VenueServer> {
    const { host, port } = options;
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
      server.listen(port, host, resolve);
    });
    return new VenueServer(server, options);
  }

  private constructor(server: Server, { host, wsPath }: { host: string; wsPath: string }) {
    this.#server = server;
    this.#wsPath = wsPath;
    this.urls = urlsOf(server, host, wsPath);
  }

  /**
   * Begins to answer. Each host is available below its own name. Without a prefix all hosts except the control are available,
   * for clients that can be configured with one address only.
   */
  serve(options: ServeOptions): void {
    const { hosts, faults, acceptUpgrade } = options;
    const { badAnswers, requests } = faults;
    this.#server.on('request', (request, response) => {
      const { path: whole, query } = target(request);
      const { host, path } = hostOf(whole, hosts);
      let bad: BadAnswer | null = null;
      if (host !== 'sim') {
        requests.add(host, path);
        bad = badAnswers.next(host, path, query);
      }
      if (bad?.kind === 'nothing') {
        badAnswers.hold(response, bad.host);
        return;
      }
      const standIn = bad === null ? null : standInFor(bad);
      if (standIn !== null) {
        response.writeHead(standIn.status, standIn.headers).end(standIn.text);
        return;
      }
      answerFrom(hosts[host], { request, response, path, query, bad }).catch((error: unknown) => {
        // Part of the answer may have been sent; the client must not take it for the whole.
        if (response.headersSent) response.destroy();
        else
          response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }));
      });
    });
    this.#server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
      // A client may disconnect during the handshake.
      raw.on('error', () => {});
      if (target(request).path === this.#wsPath) acceptUpgrade(request, raw, head);
      else raw.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): VenueSimStartError {
  const message =
    error.code === 'EADDRINUSE'
      ? `port ${port} on ${host} is taken`
      : `cannot listen on ${host}, port ${port}: ${error.message}`;
  return new VenueSimStartError(message, 'Choose another with --port (0 picks a free one) or --host.', error);
}

function urlsOf(server: Server, host: string, wsPath: string): VenueUrls {
  const { port } = server.address() as AddressInfo;
  // Clients cannot connect to a wildcard address.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const http = `http://${name}:${port}`;
  return {
    ws: `ws://${name}:${port}${wsPath}`,
    gamma: `${http}/gamma`,
    clob: `${http}/clob`,
    data: `${http}/data`,
    sim: `${http}/sim`,
  };
}

/** The host of a path, and the path without its prefix. */
function hostOf(whole: string, hosts: ServeOptions['hosts']): { host: VenueHost | 'sim'; path: string } {
  for (const host of ['gamma', 'clob', 'data', 'sim'] as const) {
    if (whole.startsWith(`/${host}/`)) return { host, path: whole.slice(host.length + 1) };
  }
  const serving = (['gamma', 'clob', 'data'] as const).find((host) =>
    hosts[host].some((route) => route.path.test(whole)),
  );
  return { host: serving ?? 'gamma', path: whole };
}

/** Path and query of a request, parsed without `URL`, which throws on some targets. */
function target(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  return { path, query: new URLSearchParams(query) };
}
