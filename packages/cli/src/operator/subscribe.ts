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
  /** How long to wait for the first books. */
  waitMs: number;
  signal: AbortSignal;
};

/** The market's place in the plan, and whether its first books have arrived. */
export type Subscribed = Answered & { firstBook: FirstBook };

/**
 * Asks the recorder to record a market, if it does not yet, and waits for the first book of both its tokens. A refusal
 * carries the recorder's reason.
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

/** Renders the result for a person. */
export function renderSubscribed({ conditionId, question, shard, firstBook }: Subscribed, waitMs: number): string {
  const market = `${shownText(question)}\n  ${conditionId}\n`;
  const waited = `${Math.round(waitMs / 1_000)} s`;
  if (shard === null) {
    return `${market}  waits for a place in a shard. A new shard opens when enough markets wait, or after SHARD_OPEN_AFTER_MS. Run the command again to see it.`;
  }
  switch (firstBook) {
    case 'came':
      return `${market}  is recorded in shard ${shard}; the first book of both tokens has arrived.`;
    case 'none':
      return `${market}  is in shard ${shard}, but two connections delivered no book. The scheduler checks whether a book exists, and moves the market if one does.`;
    default:
      return `${market}  is in shard ${shard}; but the first book has not arrived within ${waited}. \`npx pnpm polytape status\` shows the shard.`;
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
        ? 'No scheduler leads, so the market cannot be planned. Another should take over within 20 s: try again, or look at `npx pnpm polytape status`.'
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
/** The scheduler may have to ask Gamma for the market. */
const ANSWER_MS_MAX = 20_000;
