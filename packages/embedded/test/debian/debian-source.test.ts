import { describe, expect, test } from 'vitest';
import { chooseDebianSource } from '../../src/debian/debian-source.ts';

const DEBIAN = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg`;
const SECURITY = DEBIAN.replace('bookworm bookworm-updates', 'bookworm-security').replace(
  'example/debian',
  'example/debian-security',
);

describe('the Debian source of a machine', () => {
  test('keeps the mirror and its keys, and names the newest suite', () => {
    const source = chooseDebianSource([{ path: 'debian.sources', text: `${SECURITY}\n\n${DEBIAN}\n` }], 'bookworm');
    expect(source).toEqual({
      format: 'sources',
      text: `Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: sid
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
    });
  });

  test('is also read from the older format, with its options', () => {
    const text = `# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main contrib
`;
    expect(chooseDebianSource([{ path: 'sources.list', text }], 'bookworm')).toEqual({
      format: 'list',
      text: 'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ sid main\n',
    });
  });

  test("is Debian's own, even if another repository uses the same suite name", () => {
    const other = { path: 'a.list', text: 'deb https://packages.example.com bookworm main' };
    const debian = { path: 'b.sources', text: DEBIAN };
    expect(chooseDebianSource([other, debian], 'bookworm')?.text).toContain('mirror.example');
  });

  test('is a mirror with any name, if it is the only one', () => {
    const text = 'deb https://proxy.example/repository/debian-proxy bookworm main';
    expect(chooseDebianSource([{ path: 'a.list', text }], 'bookworm')?.text).toBe(
      'deb https://proxy.example/repository/debian-proxy sid main\n',
    );
  });

  test.each([
    ['sources alone', DEBIAN.replace('deb deb-src', 'deb-src')],
    ['a disabled one', `Enabled: no\n${DEBIAN}`],
    ['another release', DEBIAN.replaceAll('bookworm', 'bullseye')],
    ['no main component', DEBIAN.replace('main contrib', 'contrib')],
  ])('is not taken from %s', (_, text) => {
    expect(chooseDebianSource([{ path: 'debian.sources', text }], 'bookworm')).toBeNull();
  });
});
