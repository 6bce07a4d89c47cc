import { expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

test('rubbish that is different each time is kept each time, and told once', async () => {
  await using bed = await RecorderBed.start({ plan: { 0: [0] } });
  await bed.covered();
  for (let frame = 0; frame < 200; frame += 1) {
    bed.venue.send(`{"x":${frame}, garbage`);
    bed.venue.send(`{"event_type":"kind_${frame}"}`);
  }
  await bed.until('all seen', () => bed.counters.unparsed === 400);
  expect(bed.toldAt('warn').filter((sentence) => sentence.startsWith('Kept as unparsed'))).toHaveLength(2);
  expect(await bed.stored()).toBe(400);
});
