import { join } from 'node:path';

/** The cache of the checkout, shared with the other tests: what is fetched once serves all runs. */
export const CACHE_DIRECTORY = join(import.meta.dirname, '..', '..', '..', '.polytape', 'cache');
