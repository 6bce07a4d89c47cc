import { describe, expect, test } from 'vitest';
import { asServerUser } from '../src/server-user.ts';

const command = { program: '/bin/postgres', args: ['-D', '/data'] };

describe("the server's user", () => {
  test('is our own if we are not root', () => {
    expect(asServerUser(null, command)).toEqual(command);
  });

  test('is set by spawn if it can reach its files', () => {
    expect(asServerUser({ uid: 65_534, gid: 65_534, capability: null }, command)).toEqual({
      ...command,
      uid: 65_534,
      gid: 65_534,
    });
  });

  test('keeps only the capability to reach files in closed directories', () => {
    const { program, args, uid } = asServerUser({ uid: 65_534, gid: 65_534, capability: 'dac_read_search' }, command);
    expect([program, uid]).toEqual(['setpriv', undefined]);
    expect(args.slice(-3)).toEqual(['/bin/postgres', '-D', '/data']);
    expect(args).toContain('--ambient-caps=-all,+dac_read_search');
    expect(args).toContain('--bounding-set=-all,+dac_read_search');
  });
});
