import { describe, expect, test } from 'vitest';
import { errorAdvice, shownJson, shownText } from '../src/index.ts';

describe('text for a terminal', () => {
  test.each([
    ['colours', 'Will it \u001b[31mrain\u001b[0m?', 'Will it rain?'],
    ['a title for the window', '\u001b]0;owned\u0007Will it rain?', 'Will it rain?'],
    ['an escape that has no end', 'Will it rain?\u001b', 'Will it rain?'],
    ['an eight-bit escape', 'Will it \u009b2Jrain?', 'Will it rain?'],
    ['lines', 'Will it\nrain\r\ntomorrow\u2028or\u0085never?', 'Will it rain tomorrow or never?'],
    ['backspaces and bells', 'Will\u0008 it\u0007 rain\u007f?', 'Will it rain?'],
    ['writing in the other direction', 'Will it \u202eniar\u202c \u2066rain\u2069\u200f?', 'Will it niar rain?'],
  ])('contains no %s', (_, text, shown) => {
    expect(shownText(text)).toBe(shown);
  });

  test('is otherwise unchanged, in any script, with its columns', () => {
    const text = '  Wird es  regnen? 雨が降りますか 👨‍👩‍👧 –  100 %';
    expect(shownText(text)).toBe(text);
  });

  test('includes the messages of errors', () => {
    const error = Object.assign(new Error('no market \u001b[2J', { cause: new Error('\u202ebad\nanswer') }), {
      operatorAction: 'Try \u009b31magain.',
    });
    expect(errorAdvice(error)).toBe('no market : bad answer. Try again.');
  });
});

describe('JSON for a terminal', () => {
  test('keeps its value, and contains no control characters', () => {
    const value = { question: 'Will \u001b[31m it \u009b2J \u007f \u202e rain\u2028?' };
    const shown = shownJson(JSON.stringify(value));
    expect(JSON.parse(shown)).toEqual(value);
    expect(shown).toMatch(/^[ -~]+$/);
  });
});
