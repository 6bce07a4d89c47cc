import { join } from 'node:path';

/** The cache of the checkout, shared with the other tests: a package is fetched only once. */
export const CACHE_DIRECTORY = join(import.meta.dirname, '..', '..', '..', '.polytape', 'cache');
