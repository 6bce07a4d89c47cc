/** A service for the tests of beginService. DEED selects what it does. */
import { beginService, processSettings, text } from '../../src/index.ts';

const table = { DEED: text({ default: 'wait', takes: 'a deed', description: 'What to do.' }), ...processSettings };
const { config, log, stop } = beginService({
  name: 'probe',
  purpose: 'is tested.',
  table,
  argv: process.argv.slice(2),
  env: process.env,
});

using _unfinished = stop.unfinished(() => (config.DEED.startsWith('hang') ? '3 trades' : null));
log.info({ deed: config.DEED }, 'Started.');
if (config.DEED === 'whisper') setImmediate(() => process.stderr.write('Logged.\n'));
/** A resource that the process closes itself at the end, which is not a loss. */
const rest = Promise.withResolvers<Error | undefined>();
await using _rest = {
  async [Symbol.asyncDispose]() {
    rest.resolve(undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (config.DEED === 'throw twice') throw new Error('could not be closed');
  },
};
stop.endWith(rest.promise, 'A resource is lost.');
if (config.DEED === 'throw' || config.DEED === 'throw twice') throw new Error('outer', { cause: new Error('inner') });
if (config.DEED === 'lose') rest.resolve(new Error('broken'));
if (config.DEED.endsWith('stray error')) setImmediate(() => fail());
if (config.DEED.endsWith('stray rejection')) setImmediate(() => void Promise.reject(new Error('stray')));
const alive = setInterval(() => {}, 1_000);
await new Promise<void>((resolve) => {
  if (!config.DEED.startsWith('hang')) stop.signal.addEventListener('abort', () => resolve());
});
clearInterval(alive);
log.info({}, 'Stopped.');

/** Throws the same uncaught error twice. */
function fail(): never {
  setImmediate(() => {
    throw new Error('stray');
  });
  throw new Error('stray');
}
