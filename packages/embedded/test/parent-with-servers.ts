/** Runs as a separate process: starts both servers, prints them as one line of JSON, and waits to be killed. */
import { join } from 'node:path';
import { prepareNatsServer, preparePostgres, startNatsServer, startPostgres } from '@polytape/embedded';

const [cacheDir = '', directory = ''] = process.argv.slice(2);
const progress = () => {};
const nats = await startNatsServer({
  binary: await prepareNatsServer({ cacheDir, progress }),
  dataDir: join(directory, 'nats'),
});
const postgres = await startPostgres({
  binaries: await preparePostgres({ cacheDir, progress }),
  dataDir: join(directory, 'postgres'),
});
console.log(JSON.stringify([nats, postgres].map(({ pid, port }) => ({ pid, port }))));
