import { type ChannelLimits, limitsProblem } from '../channel/channel-limits.ts';
import type { BadAnswerRequest } from '../rest/bad-answers.ts';
import type { Route } from '../rest/http-routes.ts';
import type { VenueHost } from '../rest/rate-counts.ts';
import { badControl, post } from './control-route.ts';
import type { VenueControl } from './venue-control.ts';

/** `/sim/...`: injects faults into the market channel and the REST interfaces, and reports request counts. */
export function faultRoutes(venue: VenueControl): Route[] {
  const { rest } = venue;
  return [
    post(/^\/drop$/, ({ socket }) => {
      if (socket !== undefined && typeof socket !== 'number') throw badControl("'socket' must be a socket's number");
      return { sockets: venue.drop(socket) };
    }),
    post(/^\/limits$/, (body) => {
      const limits = body as Partial<ChannelLimits>;
      const problem = limitsProblem(limits);
      if (problem !== null) throw badControl(problem);
      return venue.limitSockets(limits);
    }),
    post(/^\/stall$/, ({ socket, newSockets }) => {
      if (newSockets !== undefined && typeof newSockets !== 'boolean')
        throw badControl("'newSockets' must be a boolean");
      const stall = { ...chosen(socket), ...(newSockets === undefined ? {} : { newSockets }) };
      return { sockets: venue.stall(stall) };
    }),
    post(/^\/unstall$/, ({ socket }) => ({ sockets: venue.unstall(chosen(socket).socket) })),
    post(/^\/answers$/, (body) => {
      rest.answerBadly(body as BadAnswerRequest);
      return rest.counts();
    }),
    post(/^\/answers\/clear$/, ({ host }) => {
      rest.answerRightly(host as VenueHost | undefined);
      return rest.counts();
    }),
    post(/^\/wrong-hashes$/, ({ oneIn }) => {
      if (oneIn !== null && !(typeof oneIn === 'number' && Number.isInteger(oneIn) && oneIn > 0)) {
        throw badControl("'oneIn' must be a whole number above 0, or null");
      }
      rest.giveWrongHashes(oneIn);
      return rest.counts();
    }),
    { method: 'GET', path: /^\/rates$/, answer: () => ({ json: { windowMs: 10_000, rules: rest.rates() } }) },
  ];
}

function chosen(socket: unknown): { socket?: number | 'all' } {
  if (socket === undefined) return {};
  if (socket !== 'all' && typeof socket !== 'number') throw badControl("'socket' must be a socket's number, or 'all'");
  return { socket };
}
