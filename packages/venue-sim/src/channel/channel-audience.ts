import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { ChannelSocket } from './channel-socket.ts';

/** Which sockets are served which tokens, with look-ups by token and by market. */
export class ChannelAudience {
  readonly #byToken = new Map<SimToken, ChannelSocket[]>();
  readonly #byMarket = new Map<SimMarket, ChannelSocket[]>();
  /** The keys of `#byMarket`; null when outdated. */
  #markets: SimMarket[] | null = null;

  add(token: SimToken, socket: ChannelSocket): void {
    put(this.#byToken, token, socket);
    put(this.#byMarket, token.market, socket);
    this.#markets = null;
  }

  /** Does nothing if the socket was not served the token. */
  remove(token: SimToken, socket: ChannelSocket): void {
    take(this.#byToken, token, socket);
    if (token.market.tokens.some((other) => this.ofToken(other).includes(socket))) return;
    take(this.#byMarket, token.market, socket);
    this.#markets = null;
  }

  ofToken(token: SimToken): readonly ChannelSocket[] {
    return this.#byToken.get(token) ?? NOBODY;
  }

  /** Sockets that are served at least one of the market's tokens. */
  ofMarket(market: SimMarket): readonly ChannelSocket[] {
    return this.#byMarket.get(market) ?? NOBODY;
  }

  /** Markets with a token that is served to some socket. */
  markets(): readonly SimMarket[] {
    this.#markets ??= [...this.#byMarket.keys()];
    return this.#markets;
  }
}

const NOBODY: readonly ChannelSocket[] = [];

function put<Key>(listeners: Map<Key, ChannelSocket[]>, key: Key, socket: ChannelSocket): void {
  const sockets = listeners.get(key);
  if (sockets === undefined) listeners.set(key, [socket]);
  else if (!sockets.includes(socket)) sockets.push(socket);
}

function take<Key>(listeners: Map<Key, ChannelSocket[]>, key: Key, socket: ChannelSocket): void {
  const sockets = listeners.get(key);
  const index = sockets?.indexOf(socket) ?? -1;
  if (sockets === undefined || index < 0) return;
  sockets.splice(index, 1);
  if (sockets.length === 0) listeners.delete(key);
}
