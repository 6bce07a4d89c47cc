/** A service for the tests of beginService: does what its first environment variable says. */
import { beginService, processSettings, text } from '../../src/index.ts';

const table = { DEED: text({ default: 'wait', takes: 'a deed', description: 'What to do.' }), ...processSettings };
const { config, log, stop } = beginService({
  name: 'probe',
  purpose: 'is tested.',
  table,
  argv: process.argv.slice(2),
  env: process.env,
});

stop.unfinished(() => (config.DEED === 'hang' ? '3 trades' : null));
log.info({}, 'Started.');
if (config.DEED === 'throw') throw new Error('outer', { cause: new Error('inner') });
if (config.DEED === 'lose') stop.endWith(Promise.resolve(), 'What it rests on is gone.');
const alive = setInterval(() => {}, 1_000);
await new Promise<void>((resolve) => {
  if (config.DEED !== 'hang') stop.signal.addEventListener('abort', () => resolve());
});
clearInterval(alive);
log.info({}, 'Stopped.');
