import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fifo } from '../../src/publish/fifo.ts';

describe('a fifo', () => {
  test('returns what an array would, whatever the order of pushes and shifts', () => {
    const step = fc.record({ pushes: fc.nat(1_500), shifts: fc.nat(1_500) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const fifo = new Fifo<number>();
        const array: number[] = [];
        let next = 0;
        for (const { pushes, shifts } of steps) {
          for (let n = 0; n < pushes; n += 1) {
            fifo.push(next);
            array.push(next++);
          }
          const expected = array.splice(0, shifts);
          expect(Array.from({ length: expected.length }, () => fifo.shift())).toEqual(expected);
          expect(fifo.peek()).toBe(array[0]);
          expect(fifo.length).toBe(array.length);
        }
      }),
    );
  });

  test('returns nothing when it is empty', () => {
    expect(new Fifo<number>().shift()).toBeUndefined();
  });
});
