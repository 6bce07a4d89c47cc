import { LedgerOutgrownError } from '../exchange/truth-ledger.ts';
import { HttpProblem, type Route } from '../rest/http-routes.ts';
import { TradeRequestError } from '../venue-sim-errors.ts';
import { channelFaultRoutes } from './channel-fault-routes.ts';
import { badControl, controlBody } from './control-body.ts';
import { marketLifeRoutes } from './market-life-routes.ts';
import { restFaultRoutes } from './rest-fault-routes.ts';
import type { TradeRequest, VenueControl } from './venue-control.ts';

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
          return { json: venue.trade(controlBody(await body()) as TradeRequest) };
        } catch (error) {
          if (error instanceof TradeRequestError) throw badControl(error.message);
          throw error;
        }
      },
    },
    {
      method: 'POST',
      path: /^\/send$/,
      answer: async ({ body }) => {
        const { text, base64, to = 'all' } = controlBody(await body());
        if (typeof to !== 'number' && typeof to !== 'string')
          throw badControl("'to' is 'all', a socket's number or a token id");
        if (typeof text === 'string') return { json: { sockets: venue.send(text, to) } };
        if (typeof base64 === 'string') return { json: { sockets: venue.send(Buffer.from(base64, 'base64'), to) } };
        throw badControl("give 'text', or 'base64' for a binary frame");
      },
    },
    {
      method: 'POST',
      path: /^\/drop$/,
      answer: async ({ body }) => {
        const { socket } = controlBody(await body());
        if (socket !== undefined && typeof socket !== 'number') throw badControl("'socket' is a socket's number");
        return { json: { sockets: venue.drop(socket) } };
      },
    },
    { method: 'GET', path: /^\/markets$/, answer: () => ({ json: { markets: venue.openMarketList() } }) },
    {
      method: 'POST',
      path: /^\/markets$/,
      answer: async ({ body }) => {
        const { count = 1 } = controlBody(await body());
        if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > OPEN_AT_ONCE_MAX) {
          throw badControl(`'count' is 1 to ${OPEN_AT_ONCE_MAX}`);
        }
        return { json: { markets: venue.openMarkets(count) } };
      },
    },
    {
      method: 'POST',
      path: /^\/markets\/(0x[0-9a-f]+)\/close$/,
      answer: async ({ parameters, body }) => {
        const { winner } = controlBody(await body());
        if (winner !== undefined && winner !== 0 && winner !== 1) throw badControl("'winner' is 0 or 1");
        const closed = venue.closeMarket(parameters[0] ?? '', winner);
        if (closed === null) throw new HttpProblem(404, { error: 'no open market with this condition' });
        return { json: closed };
      },
    },
    ...marketLifeRoutes(venue.life),
    ...channelFaultRoutes(venue),
    ...restFaultRoutes(venue.rest),
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
