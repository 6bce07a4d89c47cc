import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Terminal } from '../../src/terminal/terminal.ts';

describe('a terminal', () => {
  test('prints no control characters of a sentence', () => {
    const output = new PassThrough();
    new Terminal(output as unknown as NodeJS.WriteStream).say('scheduler: Gamma \u001b[2Jsays\n\u009b31m\u202eno');
    expect(String(output.read())).toBe('scheduler: Gamma says no\n');
  });
});
