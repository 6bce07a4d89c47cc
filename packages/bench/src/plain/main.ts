/**
 * The plain alternative: what one writes in an afternoon. A single process subscribes, parses every frame and inserts the
 * trades into PostgreSQL, with as many rows in a statement as have come since the last one. It has no broker, no ids, no
 * second process and no limit of its memory; otherwise it is as fast as a simple program can be.
 *
 * Settings: DATABASE_URL, POLYMARKET_GAMMA_URL, POLYMARKET_WS_URL, SOCKETS_PER_TOKEN (1). Prints a JSON line when it is
 * subscribed and, ten times a second, the times from receipt to commit in milliseconds.
 */
import { Client } from 'pg';
import { WebSocket } from 'ws';

type Row = [token: string, price: string, size: string, side: string, hash: string, atMs: number, receivedAtMs: number];

const { DATABASE_URL = '', POLYMARKET_GAMMA_URL = '', POLYMARKET_WS_URL = '', SOCKETS_PER_TOKEN = '1' } = process.env;
const TOKENS_PER_SOCKET = 500;
const ROWS_PER_INSERT_MAX = 1_000;
const PAGE = 100;
const PING_MS = 10_000;
const REPORT_MS = 100;

const database = new Client(DATABASE_URL);
await database.connect();
await database.query(
  'CREATE TABLE IF NOT EXISTS plain_trades (token text, price numeric, size numeric, side text, hash text, at timestamptz, received_at timestamptz)',
);

let waiting: Row[] = [];
let took: number[] = [];
let frames = 0;
let isWriting = false;

const tokens = await openTokens();
const sockets: Promise<void>[] = [];
for (let copy = 0; copy < Number(SOCKETS_PER_TOKEN); copy += 1) {
  for (let at = 0; at < tokens.length; at += TOKENS_PER_SOCKET) {
    sockets.push(subscribe(tokens.slice(at, at + TOKENS_PER_SOCKET)));
  }
}
await Promise.all(sockets);
console.log(JSON.stringify({ subscribed: tokens.length }));
setInterval(() => {
  console.log(JSON.stringify({ frames, waiting: waiting.length, took }));
  took = [];
}, REPORT_MS);

async function openTokens(): Promise<string[]> {
  const found: string[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const query = `closed=false&limit=${PAGE}&offset=${offset}&order=id&ascending=true`;
    const markets = (await (await fetch(`${POLYMARKET_GAMMA_URL}/markets?${query}`)).json()) as Document[];
    for (const market of markets) {
      const older = market.clobTokenIds ?? market.clob_token_ids;
      const newer = market.positionIds ?? market.position_ids;
      const ids = (market.version === 'v2' ? newer : older) ?? [];
      found.push(...(typeof ids === 'string' ? (JSON.parse(ids) as string[]) : ids));
    }
    if (markets.length < PAGE) return found;
  }
}

/** Markets of version v2 name their tokens in another list. Both are JSON in a string, or now and then a list. */
type Document = { version?: string } & Partial<
  Record<'clobTokenIds' | 'clob_token_ids' | 'positionIds' | 'position_ids', string | string[]>
>;

/** Resolves at the first frame, which holds the books. */
async function subscribe(assets: readonly string[]): Promise<void> {
  const socket = new WebSocket(POLYMARKET_WS_URL, { perMessageDeflate: false });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('open', () => socket.send(JSON.stringify({ type: 'market', assets_ids: assets })));
  socket.on('error', reject);
  socket.on('message', (data) => {
    const receivedAtMs = performance.timeOrigin + performance.now();
    const text = String(data);
    if (text === 'PONG') return;
    frames += 1;
    for (const event of [JSON.parse(text)].flat()) {
      if (event.event_type !== 'last_trade_price') continue;
      const { asset_id, price, size, side, transaction_hash, timestamp } = event;
      waiting.push([asset_id, price, size, side, transaction_hash, Number(timestamp), receivedAtMs]);
    }
    resolve();
    if (!isWriting && waiting.length > 0) void write();
  });
  setInterval(() => socket.send('PING'), PING_MS);
  await promise;
}

async function write(): Promise<void> {
  isWriting = true;
  while (waiting.length > 0) {
    const rows = waiting.slice(0, ROWS_PER_INSERT_MAX);
    waiting = waiting.slice(ROWS_PER_INSERT_MAX);
    const places = rows.map((_, row) => {
      const [a, b, c, d, e, f, g] = [1, 2, 3, 4, 5, 6, 7].map((column) => `$${row * 7 + column}`);
      return `(${a}, ${b}, ${c}, ${d}, ${e}, to_timestamp(${f}::float8 / 1000), to_timestamp(${g}::float8 / 1000))`;
    });
    await database.query(`INSERT INTO plain_trades VALUES ${places.join(', ')}`, rows.flat());
    const nowMs = performance.timeOrigin + performance.now();
    for (const row of rows) took.push(Math.round((nowMs - row[6]) * 100) / 100);
  }
  isWriting = false;
}
