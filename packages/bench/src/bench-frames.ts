import { parseFrame, recogniseFrame } from '@polytape/polymarket';
import { OrdinalCounter, tradeContentHash } from '@polytape/types';
import { type Measured, measure } from './measure.ts';
import { sampleFrames } from './sample-frames.ts';

/** What a frame costs: recognising it, parsing it, and computing the identity of its trades. */
export async function benchFrames(): Promise<Measured[]> {
  const frames = sampleFrames(50_000);
  const elements = frames.flatMap((text) => {
    const frame = parseFrame(text);
    return frame.kind === 'events' ? frame.elements : [];
  });
  const events = elements.flatMap((element) => (element.kind === 'event' ? [element.event] : []));
  const trades = events.filter((event) => event.type === 'lastTradePrice');
  return [
    await measure('recognised, and trades parsed (nine in ten are none)', 'frames', {
      prepare: () => frames,
      work: () => {
        for (const frame of frames) if (recogniseFrame(frame) !== 'known') parseFrame(frame);
        return frames.length;
      },
    }),
    await measure('every frame parsed', 'frames', {
      prepare: () => frames,
      work: () => {
        for (const frame of frames) parseFrame(frame);
        return frames.length;
      },
    }),
    await measure('identity of a trade', 'trades', {
      prepare: () => new OrdinalCounter({ windowMs: 1_000, contentsMax: 1_000_000 }),
      work: (ordinals) => {
        for (const trade of trades) ordinals.next(tradeContentHash(trade), 0);
        return trades.length;
      },
    }),
  ];
}
