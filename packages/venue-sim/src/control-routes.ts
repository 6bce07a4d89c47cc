import { HttpProblem, type Route } from './http-routes.ts';
import { LedgerOutgrownError } from './truth-ledger.ts';
import type { TradeRequest, VenueControl } from './venue-control.ts';
import { TradeRequestError } from './venue-sim-errors.ts';

/** `/sim/...`: the venue's strings, for other processes. */
export function controlRoutes(venue: VenueControl): Route[] {
  return [
    { method: 'GET', path: /^\/status$/, answer: () => ({ json: venue.status() }) },
    {
      method: 'POST',
      path: /^\/stop-trading$/,
      answer: async () => {
        await venue.stopTrading();
        return { json: venue.status() };
      },
    },
    {
      method: 'POST',
      path: /^\/start-trading$/,
      answer: () => {
        venue.startTrading();
        return { json: venue.status() };
      },
    },
    { method: 'GET', path: /^\/ledger$/, answer: () => ({ lines: wholeLedger(venue) }) },
    {
      method: 'POST',
      path: /^\/trade$/,
      answer: async ({ body }) => {
        try {
          return { json: venue.trade(record(await body()) as TradeRequest) };
        } catch (error) {
          if (error instanceof TradeRequestError) throw bad(error.message);
          throw error;
        }
      },
    },
    {
      method: 'POST',
      path: /^\/send$/,
      answer: async ({ body }) => {
        const { text, base64, to = 'all' } = record(await body());
        if (typeof to !== 'number' && typeof to !== 'string')
          throw bad("'to' is 'all', a socket's number or a token id");
        if (typeof text === 'string') return { json: { sockets: venue.send(text, to) } };
        if (typeof base64 === 'string') return { json: { sockets: venue.send(Buffer.from(base64, 'base64'), to) } };
        throw bad("give 'text', or 'base64' for a binary frame");
      },
    },
    {
      method: 'POST',
      path: /^\/drop$/,
      answer: async ({ body }) => {
        const { socket } = record(await body());
        if (socket !== undefined && typeof socket !== 'number') throw bad("'socket' is a socket's number");
        return { json: { sockets: venue.drop(socket) } };
      },
    },
    { method: 'GET', path: /^\/markets$/, answer: () => ({ json: { markets: venue.openMarketList() } }) },
    {
      method: 'POST',
      path: /^\/markets$/,
      answer: async ({ body }) => {
        const { count = 1 } = record(await body());
        if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > OPEN_AT_ONCE_MAX) {
          throw bad(`'count' is 1 to ${OPEN_AT_ONCE_MAX}`);
        }
        return { json: { markets: venue.openMarkets(count) } };
      },
    },
    {
      method: 'POST',
      path: /^\/markets\/(0x[0-9a-f]+)\/close$/,
      answer: async ({ parameters, body }) => {
        const { winner } = record(await body());
        if (winner !== undefined && winner !== 0 && winner !== 1) throw bad("'winner' is 0 or 1");
        const closed = venue.closeMarket(parameters[0] ?? '', winner);
        if (closed === null) throw new HttpProblem(404, { error: 'no open market with this condition' });
        return { json: closed };
      },
    },
  ];
}

const OPEN_AT_ONCE_MAX = 10_000;

async function* wholeLedger(venue: VenueControl): AsyncGenerator<string> {
  try {
    yield* venue.ledgerLines();
  } catch (error) {
    if (!(error instanceof LedgerOutgrownError)) throw error;
    throw new HttpProblem(409, { error: `${error.message}. ${error.operatorAction}` });
  }
}

function record(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('the body is a JSON object');
  return body as Record<string, unknown>;
}

function bad(error: string): HttpProblem {
  return new HttpProblem(400, { error });
}
