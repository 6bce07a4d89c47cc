import { hash } from 'node:crypto';
import { parseFrame, recogniseFrame } from '@polytape/polymarket';
import { OrdinalCounter, tradeContentHash } from '@polytape/types';
import { compare, type Figure } from './measure.ts';
import { sampleFrames } from './sample-frames.ts';

/** What a frame costs: recognising it, parsing it, and computing the identity of its trades. */
export async function benchFrames(): Promise<Figure[]> {
  const frames = sampleFrames(50_000);
  const elements = frames.flatMap((text) => {
    const frame = parseFrame(text);
    return frame.kind === 'events' ? frame.elements : [];
  });
  const events = elements.flatMap((element) => (element.kind === 'event' ? [element.event] : []));
  const trades = events.filter((event) => event.type === 'lastTradePrice');
  const all = () => frames;
  return [
    ...(await compare<readonly string[]>(
      'frames',
      [
        {
          name: 'JSON.parse of every frame',
          prepare: all,
          work: () => {
            for (const frame of frames) JSON.parse(frame);
            return frames.length;
          },
        },
        {
          name: 'every frame parsed and checked',
          prepare: all,
          work: () => {
            for (const frame of frames) parseFrame(frame);
            return frames.length;
          },
        },
        {
          name: 'recognised, and trades parsed',
          prepare: all,
          work: () => {
            for (const frame of frames) if (recogniseFrame(frame) !== 'known') parseFrame(frame);
            return frames.length;
          },
        },
      ],
      { clock: 'cpu' },
    )),
    ...(await compare<OrdinalCounter>(
      'trades',
      [
        {
          name: 'sha256 of a trade as JSON',
          prepare: newCounter,
          work: () => {
            for (const trade of trades) hash('sha256', JSON.stringify(trade));
            return trades.length;
          },
        },
        {
          name: 'identity of a trade',
          prepare: newCounter,
          work: (ordinals) => {
            for (const trade of trades) ordinals.next(tradeContentHash(trade), 0);
            return trades.length;
          },
        },
      ],
      { clock: 'cpu' },
    )),
  ];
}

function newCounter(): OrdinalCounter {
  return new OrdinalCounter({ windowMs: 1_000, contentsMax: 1_000_000 });
}
