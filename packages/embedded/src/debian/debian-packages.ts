import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from '../file-lock.ts';
import { CommandFailedError, runCommand } from '../run-command.ts';
import { type DebianSource, newestDebianSource } from './debian-source.ts';

/** Package lists younger than this are not updated. */
const LISTS_AGE_MS_MAX = 60 * 60_000;
const APT_TIMEOUT_MS = 120_000;
/** Prefix of directories that are being filled. A killed process leaves its own behind. */
const UNPACKING = '.unpacking-';
const UNPACKING_AGE_MS_MAX = 60 * 60_000;

/**
 * Packages of Debian's newest suite, unpacked into a directory: apt-get reads the machine's own Debian source, with the suite
 * replaced, into private directories. It needs no root, does not touch the system, and apt checks signatures as usual.
 */
export class DebianPackages {
  readonly #directory: string;
  readonly #source: DebianSource;

  private constructor(directory: string, source: DebianSource) {
    this.#directory = directory;
    this.#source = source;
  }

  /** `null` if this is not Debian, or a required tool is missing. */
  static async open(cacheDir: string): Promise<DebianPackages | null> {
    const tools = await Promise.all(['apt-get', 'dpkg-deb', 'flock'].map(runs));
    if (tools.includes(false)) return null;
    const source = await newestDebianSource();
    return source === null ? null : new DebianPackages(join(cacheDir, 'debian'), source);
  }

  /**
   * Unpacks the newest versions into `<into>/<key of their versions>` and returns that directory.
   *
   * @throws {CommandFailedError} apt-get could not reach the archive, has no such package, or refused a signature.
   */
  async unpack(packages: readonly string[], into: string): Promise<string> {
    await this.#update();
    await removeLeftovers(into);
    const temporary = join(into, `${UNPACKING}${randomBytes(6).toString('hex')}`);
    await mkdir(join(temporary, 'root'), { recursive: true });
    try {
      await this.#apt(['download', ...packages], temporary);
      const files = (await readdir(temporary)).filter((name) => name.endsWith('.deb')).sort();
      for (const file of files) {
        await runCommand('dpkg-deb', ['-x', join(temporary, file), join(temporary, 'root')], {
          timeoutMs: APT_TIMEOUT_MS,
        });
      }
      const target = join(into, files.map((file) => file.replace(/\.deb$/, '')).join('+'));
      // The rename is atomic. If another process was faster, its copy is the same.
      await rename(join(temporary, 'root'), target).catch(async (error: unknown) => {
        if (!(await exists(target))) throw error;
      });
      return target;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  async #update(): Promise<void> {
    const lists = join(this.#directory, 'lists');
    const updated = join(this.#directory, 'updated');
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(this.#directory, 'cache', 'archives', 'partial'), { recursive: true });
    await using _lock = await lockFile(join(this.#directory, 'lock'));
    if (await isYoungerThan(updated, LISTS_AGE_MS_MAX)) return;
    await writeFile(this.#sourceFile(), this.#source.text);
    await this.#apt(['update'], this.#directory);
    await writeFile(updated, '');
  }

  async #apt(args: readonly string[], cwd: string): Promise<void> {
    const options = {
      'Dir::Etc::sourcelist': this.#sourceFile(),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::Lists': join(this.#directory, 'lists'),
      'Dir::Cache': join(this.#directory, 'cache'),
      // Otherwise root downloads as the user _apt, who may not enter our directories.
      'APT::Sandbox::User': '',
      // Packages installed or pinned here must not affect the other suite.
      'Dir::State::status': '/dev/null',
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      // By default an update that reached no server succeeds.
      'APT::Update::Error-Mode': 'any',
      'Acquire::Languages': 'none',
      'Acquire::http::Timeout': '15',
      'Acquire::Retries': '1',
    };
    const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    try {
      await runCommand('env', ['LC_ALL=C', 'apt-get', '-q', ...flags, ...args], { cwd, timeoutMs: APT_TIMEOUT_MS });
    } catch (error) {
      const reason = /^E: (.*)$/m.exec((error as Error).message)?.[1] ?? (error as Error).message;
      throw new CommandFailedError(`apt-get ${args[0]}`, reason, { cause: error });
    }
  }

  #sourceFile(): string {
    return join(this.#directory, `debian.${this.#source.format}`);
  }
}

async function runs(program: string): Promise<boolean> {
  return runCommand(program, ['--version'], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

async function removeLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []); // created by the first use
  for (const name of names.filter((name) => name.startsWith(UNPACKING))) {
    const path = join(directory, name);
    if (!(await isYoungerThan(path, UNPACKING_AGE_MS_MAX))) await rm(path, { recursive: true, force: true });
  }
}

async function isYoungerThan(path: string, ageMsMax: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < ageMsMax;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
