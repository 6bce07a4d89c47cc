/** The addresses of the live venue, from its documentation. */
export const LIVE_VENUE = {
  ws: 'wss://ws-subscriptions-clob.polymarket.com/ws/market',
  gamma: 'https://gamma-api.polymarket.com',
  clob: 'https://clob.polymarket.com',
  data: 'https://data-api.polymarket.com',
} as const;
