import { fileURLToPath } from 'node:url';

/** The program of a service, such as `writer`. It is run, never imported: packages do not know services. */
export function serviceMain(service: string): string {
  return fileURLToPath(import.meta.resolve(`../../../../services/${service}/src/main.ts`));
}
