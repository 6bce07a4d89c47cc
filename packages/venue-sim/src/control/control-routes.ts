import { HttpProblem, type Route } from '../rest/http-routes.ts';
import { badControl, getLines, post } from './control-route.ts';
import { faultRoutes } from './fault-routes.ts';
import { marketLifeRoutes } from './market-life-routes.ts';
import type { TradeRequest, VenueControl } from './venue-control.ts';

/** `/sim/...`: controls the venue from other processes. */
export function controlRoutes(venue: VenueControl): Route[] {
  return [
    { method: 'GET', path: /^\/status$/, answer: () => ({ json: venue.status() }) },
    post(/^\/stop-trading$/, async () => {
      await venue.stopTrading();
      return venue.status();
    }),
    post(/^\/start-trading$/, () => {
      venue.startTrading();
      return venue.status();
    }),
    getLines(/^\/ledger$/, () => venue.ledgerLines()),
    post(/^\/trade$/, (request) => venue.trade(request as TradeRequest)),
    post(/^\/send$/, ({ text, base64, to = 'all' }) => {
      if (typeof to !== 'number' && typeof to !== 'string') {
        throw badControl("'to' must be 'all', a socket's number or a token id");
      }
      if (typeof text === 'string') return { sockets: venue.send(text, to) };
      if (typeof base64 === 'string') return { sockets: venue.send(Buffer.from(base64, 'base64'), to) };
      throw badControl("give 'text', or 'base64' for a binary frame");
    }),
    { method: 'GET', path: /^\/markets$/, answer: () => ({ json: { markets: venue.openMarketList() } }) },
    post(/^\/markets$/, ({ count = 1 }) => {
      if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > OPEN_AT_ONCE_MAX) {
        throw badControl(`'count' must be 1 to ${OPEN_AT_ONCE_MAX}`);
      }
      return { markets: venue.openMarkets(count) };
    }),
    post(/^\/markets\/(0x[0-9a-f]+)\/close$/, ({ winner }, [conditionId = '']) => {
      if (winner !== undefined && winner !== 0 && winner !== 1) throw badControl("'winner' must be 0 or 1");
      const closed = venue.closeMarket(conditionId, winner);
      if (closed === null) throw new HttpProblem(404, { error: 'no open market with this condition' });
      return closed;
    }),
    ...marketLifeRoutes(venue.life),
    ...faultRoutes(venue),
  ];
}

const OPEN_AT_ONCE_MAX = 10_000;
