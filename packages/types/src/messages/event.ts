import type { LifecycleEvent } from './lifecycle-event.ts';
import type { MarketChange } from './market-change.ts';
import type { ResolutionStep } from './resolution.ts';
import type { TickSizeChange } from './tick-size-change.ts';

/** All that the stream EVENTS holds: what happened to markets. */
export type MarketFact = LifecycleEvent | TickSizeChange | ResolutionStep | MarketChange;
