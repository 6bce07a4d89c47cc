import type { LifecycleEvent } from './lifecycle-event.ts';
import type { MarketChange } from './market-change.ts';
import type { ResolutionStep } from './resolution.ts';
import type { TickSizeChange } from './tick-size-change.ts';

/** A message of the stream EVENTS: something that happened to a market. */
export type MarketFact = LifecycleEvent | TickSizeChange | ResolutionStep | MarketChange;
