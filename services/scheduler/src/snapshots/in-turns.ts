import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The items in portions, each in a turn of the event loop of its own. A loop over 312,000 tokens takes a tenth of a second, but
 * seconds on a busy machine, in which the leader could not renew its key and would lose the lead.
 */
export async function* inTurns<Item>(items: Iterable<Item>): AsyncGenerator<Item[], void, undefined> {
  let portion: Item[] = [];
  for (const item of items) {
    portion.push(item);
    if (portion.length < PORTION_MAX) continue;
    yield portion;
    portion = [];
    await nextTurn();
  }
  yield portion;
}

const PORTION_MAX = 5_000;
