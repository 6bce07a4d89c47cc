import { type ChannelLimits, limitsProblem } from '../channel/channel-limits.ts';
import type { Route } from '../rest/http-routes.ts';
import { badControl, controlBody } from './control-body.ts';
import type { VenueControl } from './venue-control.ts';

/** `/sim/...`: what goes wrong on the market channel without a word. */
export function channelFaultRoutes(venue: VenueControl): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/limits$/,
      answer: async ({ body }) => {
        const limits = controlBody(await body()) as Partial<ChannelLimits>;
        const problem = limitsProblem(limits);
        if (problem !== null) throw badControl(problem);
        return { json: venue.limitSockets(limits) };
      },
    },
    {
      method: 'POST',
      path: /^\/stall$/,
      answer: async ({ body }) => {
        const { socket, newSockets } = controlBody(await body());
        if (newSockets !== undefined && typeof newSockets !== 'boolean') throw badControl("'newSockets' is a boolean");
        return {
          json: { sockets: venue.stall({ ...chosen(socket), ...(newSockets === undefined ? {} : { newSockets }) }) },
        };
      },
    },
    {
      method: 'POST',
      path: /^\/unstall$/,
      answer: async ({ body }) => {
        return { json: { sockets: venue.unstall(chosen(controlBody(await body()).socket).socket) } };
      },
    },
  ];
}

function chosen(socket: unknown): { socket?: number | 'all' } {
  if (socket === undefined) return {};
  if (socket !== 'all' && typeof socket !== 'number') throw badControl("'socket' is a socket's number, or 'all'");
  return { socket };
}
