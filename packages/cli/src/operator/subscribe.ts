import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, NoAnswerError, type Refusal } from '@polytape/bus';
import { shownText } from '@polytape/service';
import { COMMANDS, type SubscribeAnswer, type SubscribeRequest } from '@polytape/types';
import { CommandError } from '../command-error.ts';
import type { RecorderAddress } from '../run/find-nats.ts';
import { type FirstBook, firstBookOf } from '../run/first-book.ts';
import { gatherStatus } from './gather-status.ts';
import { openOperatorBus } from './operator-bus.ts';
import { ingestorsOf } from './status-report.ts';

export type SubscribeOptions = {
  address: RecorderAddress;
  /** Token id, condition id or slug. */
  market: string;
  /** How long the first books are waited for. */
  waitMs: number;
  signal: AbortSignal;
};

/** Where the market is, and how far it has come. */
export type Subscribed = Answered & { firstBook: FirstBook };

/**
 * Has the recorder record a market, if it does not yet, and waits for the first books of both its tokens. What is refused
 * is so in the recorder's words.
 *
 * @throws {CommandError} No scheduler leads.
 */
export async function subscribe(o: SubscribeOptions): Promise<Subscribed | Refusal> {
  await using bus = await openOperatorBus(o.address, o.signal);
  const untilMs = performance.now() + o.waitMs;
  for (;;) {
    const answer = await ask(bus, o);
    if ('refused' in answer) return answer;
    const firstBook = await look(bus, answer, o.signal);
    if (firstBook !== 'not_yet' || performance.now() >= untilMs) return { ...answer, firstBook };
    await delay(ASK_INTERVAL_MS, undefined, { signal: o.signal });
  }
}

/** What came of it, in a sentence or two for a person. */
export function renderSubscribed({ conditionId, question, shard, firstBook }: Subscribed, waitMs: number): string {
  const market = `${shownText(question)}\n  ${conditionId}\n`;
  const waited = `${Math.round(waitMs / 1_000)} s`;
  if (shard === null) {
    return `${market}  waits for a place in a shard. One is opened when enough markets wait, or this one has waited long enough; ask again.`;
  }
  switch (firstBook) {
    case 'came':
      return `${market}  is recorded in shard ${shard}; the first book of both tokens has come.`;
    case 'none':
      return `${market}  is in shard ${shard}, and no book has come on two connections. The scheduler moves it, or finds that it has none.`;
    default:
      return `${market}  is in shard ${shard}; the first book has not come within ${waited}. \`npx pnpm polytape status\` shows the shard.`;
  }
}

async function ask(bus: Bus, { market, signal }: SubscribeOptions): Promise<SubscribeAnswer> {
  try {
    const request = { market } satisfies SubscribeRequest;
    return await bus.request<SubscribeAnswer>(COMMANDS.subscribe, request, { timeoutMs: ANSWER_MS_MAX, signal });
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    throw new CommandError(
      error.reason === 'nobody_serves'
        ? 'No scheduler leads at present, so nobody can plan the market. `npx pnpm polytape status` shows who runs; try again in 20 s.'
        : `The leading scheduler has not answered within ${ANSWER_MS_MAX / 1_000} s; the venue may be slow. Try again.`,
      { cause: error },
    );
  }
}

async function look(bus: Bus, answer: Answered, signal: AbortSignal): Promise<FirstBook> {
  if (answer.shard === null || !answer.isCovered) return 'not_yet';
  return firstBookOf(answer, ingestorsOf(await gatherStatus(bus, signal)));
}

type Answered = Exclude<SubscribeAnswer, { refused: string }>;

const ASK_INTERVAL_MS = 500;
/** Gamma is asked for a market that is not known here. */
const ANSWER_MS_MAX = 20_000;
