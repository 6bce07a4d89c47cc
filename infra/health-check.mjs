/** Docker's health check: succeeds if HEALTH_URL answers with 200. The image has neither curl nor wget. */
import { get } from 'node:http';

// node:http loads much faster than fetch, and this runs every few seconds in every container.
const request = get(process.env.HEALTH_URL, { timeout: 4_000 }, (response) => {
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  // Prints the reasons for `docker inspect`.
  response.pipe(process.stdout);
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  console.log(error.message);
  process.exitCode = 1;
});
