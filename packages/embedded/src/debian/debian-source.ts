import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Debian source file for apt that names the newest suite. */
export type DebianSource = { format: 'sources' | 'list'; text: string };

const NEWEST_SUITE = 'sid';

/** The machine's own Debian source, with its mirror and keys, for the newest suite. `null` if it is not Debian or has none. */
export async function newestDebianSource(): Promise<DebianSource | null> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID="?debian"?$/m.test(release)) return null;
  const codename = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(release)?.[1] ?? NEWEST_SUITE;
  const directory = '/etc/apt/sources.list.d';
  const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name)).sort();
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(directory, name))];
  const files = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(path, 'utf8').catch(() => '') })),
  );
  return chooseDebianSource(files, codename);
}

/**
 * Chooses the Debian source among all sources. Other repositories reuse the names of Debian's suites, so an address that
 * looks like a Debian mirror is preferred.
 *
 * @param codename Codename of the running release, e.g. `bookworm`.
 */
export function chooseDebianSource(
  files: readonly { path: string; text: string }[],
  codename: string,
): DebianSource | null {
  const suites = [codename, NEWEST_SUITE];
  const found = files.flatMap(({ path, text }) =>
    path.endsWith('.sources') ? fromStanzas(text, suites) : fromLines(text, suites),
  );
  const best = found.find(({ address }) => /\/debian\/?$|^mirror\+file:/.test(address)) ?? found[0];
  return best === undefined ? null : { format: best.format, text: best.text };
}

type Candidate = DebianSource & { address: string };

/** Sources in deb822 format: paragraphs of fields. */
function fromStanzas(text: string, suites: readonly string[]): Candidate[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'mi').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const usable =
      field('Types').includes('deb') &&
      field('Suites').some((suite) => suites.includes(suite)) &&
      field('Components').includes('main') &&
      field('Enabled')[0]?.toLowerCase() !== 'no';
    if (!usable) return [];
    const replaced = stanza
      .replace(/^Types:.*$/im, 'Types: deb')
      .replace(/^Suites:.*$/im, `Suites: ${NEWEST_SUITE}`)
      .replace(/^Components:.*$/im, 'Components: main');
    return [{ format: 'sources' as const, text: `${replaced.trim()}\n`, address: field('URIs')[0] ?? '' }];
  });
}

/** Sources in the older format: one line each. */
function fromLines(text: string, suites: readonly string[]): Candidate[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:(\[[^\]]*\])\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, options = '', address = '', suite = '', components = ''] = match;
    if (!suites.includes(suite) || !components.split(/\s+/).includes('main')) return [];
    const fields = ['deb', options, address, NEWEST_SUITE, 'main'].filter((field) => field !== '');
    return [{ format: 'list' as const, text: `${fields.join(' ')}\n`, address }];
  });
}
