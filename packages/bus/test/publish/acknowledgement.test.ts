import { headers } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { readAcknowledgement } from '../../src/publish/acknowledgement.ts';

describe('the answer to a publish', () => {
  test('means stored with a stream and a sequence', () => {
    const stored = { kind: 'stored', stream: 'TRADES', sequence: 1, duplicate: false };
    expect(read({ stream: 'TRADES', seq: 1 })).toEqual(stored);
  });

  test('means stored already when it is a duplicate', () => {
    const stored = { kind: 'stored', stream: 'TRADES', sequence: 1, duplicate: true };
    expect(read({ stream: 'TRADES', seq: 1, duplicate: true })).toEqual(stored);
  });

  test.for([
    '{"stream":"TRADES","seq":18014398509481984}',
    '{"stream":"TRADES","seq":7,"duplicate":false}',
    '{"stream":"TRADES","domain":"hub","seq":7}',
    '{"stream":"TRADES","seq":7,"domain":"hub","duplicate":true}',
    '{ "seq": 7, "stream": "PRI\\u0043ES" }',
  ])('means stored in whatever way it is written: %s', (text) => {
    const { stream, seq: sequence, duplicate = false } = JSON.parse(text);
    const answer = { data: new TextEncoder().encode(text) };
    expect(readAcknowledgement(answer)).toEqual({ kind: 'stored', stream, sequence, duplicate });
  });

  test('names the stream of this answer, not of the last one', () => {
    const streams = ['TRADES', 'PRICES', 'TRADES', 'EVENTS'].map((stream) => read({ stream, seq: 1 }));
    expect(streams).toMatchObject(['TRADES', 'PRICES', 'TRADES', 'EVENTS'].map((stream) => ({ stream })));
  });

  test.for([
    [10_054, 'message size exceeds maximum allowed'],
    [10_097, 'header size exceeds maximum allowed of 64k'],
  ] as const)('with code %i is the fault of the message', ([err_code, description]) => {
    expect(read({ error: { code: 400, err_code, description }, stream: 'TRADES', seq: 0 })).toEqual({
      kind: 'rejected',
      reason: `${description} (${err_code})`,
    });
  });

  test.for([
    [10_077, 'maximum messages exceeded'],
    [10_047, 'insufficient storage resources available'],
    [10_158, 'message with duplicate message id is in process'],
  ] as const)('with code %i may be another one later', ([err_code, description]) => {
    expect(read({ error: { code: 503, err_code, description }, stream: 'TRADES', seq: 0 }).kind).toBe('retry');
  });

  test('means retry when nobody serves the subject', () => {
    const nobody = headers(503, 'No Responders');
    const answer = readAcknowledgement({ data: new Uint8Array(), headers: nobody });
    expect(answer).toEqual({ kind: 'retry', reason: expect.stringMatching(/no stream/) });
  });

  test.for(['{', '[]', 'null', '{"stream":"","seq":1}', '{"stream":"TRADES"}', '{"stream":"TRADES","seq":'])(
    'means nothing when it is %s',
    (text) => {
      expect(readAcknowledgement({ data: new TextEncoder().encode(text) }).kind).toBe('retry');
    },
  );
});

function read(body: object) {
  return readAcknowledgement({ data: new TextEncoder().encode(JSON.stringify(body)) });
}
