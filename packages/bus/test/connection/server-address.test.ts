import { describe, expect, test } from 'vitest';
import { parseServerAddress } from '../../src/connection/server-address.ts';
import { BusConfigurationError } from '../../src/index.ts';

describe('the address of a server', () => {
  test.for([
    ['nats://localhost', 'localhost:4222'],
    ['nats://localhost:4333/', 'localhost:4333'],
    ['localhost:4333', 'localhost:4333'],
    ['127.0.0.1', '127.0.0.1:4222'],
    ['nats://[::1]:4222', '[::1]:4222'],
    ['nats://a:1, nats://b:2,c', 'a:1, b:2, c:4222'],
  ] as const)('%s is %s, without credentials', ([text, shown]) => {
    expect(parseServerAddress(text)).toEqual({ servers: shown.split(', '), shown, tls: false });
  });

  test('holds user and password, percent-decoded', () => {
    expect(parseServerAddress('nats://ann:p%40ss@host')).toMatchObject({
      user: 'ann',
      pass: 'p@ss',
      shown: 'host:4222',
    });
  });

  test('holds a token in place of a user without password', () => {
    expect(parseServerAddress('nats://t0ken@host')).toMatchObject({ token: 't0ken' });
  });

  test('holds the first credentials of several servers', () => {
    expect(parseServerAddress('nats://a:1,nats://ann:pass@b:2')).toMatchObject({ user: 'ann', pass: 'pass' });
  });

  test('asks for TLS with tls://', () => {
    expect(parseServerAddress('tls://host').tls).toBe(true);
  });

  test.for([
    '',
    'nats://',
    'http://host',
    'nats://host/path',
    'nats://host?x=1',
    'nats://host:99999',
    'nats://ann:secret/word@host',
    'nats://ann:secret#word@host:1',
    'nats://ann:secret%ZZ@host',
    'ann:secret@host:port',
  ])('is refused when it is %j, without its secrets', (text) => {
    const attempt = () => parseServerAddress(text);
    expect(attempt).toThrow(BusConfigurationError);
    expect(attempt).toThrow(/NATS_URL/);
    expect(attempt).not.toThrow(/secret|ZZ/);
  });
});
