/** Docker's health check: does what answers at HEALTH_URL say that all is well? The image has neither curl nor wget. */
import { get } from 'node:http';

// node:http loads in a fraction of the time that fetch takes, and this runs every few seconds in every container.
const request = get(process.env.HEALTH_URL, { timeout: 4_000 }, (response) => {
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  // The reasons, for `docker inspect`.
  response.pipe(process.stdout);
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  console.log(error.message);
  process.exitCode = 1;
});
