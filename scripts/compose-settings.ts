/** Checks that docker-compose.yml passes every setting of the configuration tables, because .env cannot set the others. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConfigTable } from '../packages/service/src/index.ts';
import { configTable as scheduler } from '../services/scheduler/src/config.ts';
import { configTable as writer } from '../services/writer/src/config.ts';
import { configTable as ingestor } from '../services/ws-ingestor/src/config.ts';

const tables: Record<string, ConfigTable> = { scheduler, 'ws-ingestor': ingestor, writer };
/** Settings in `x-environment` or the image; NATS_REPLICAS is useless with one NATS server. */
const elsewhere = new Set(['NATS_URL', 'LOG_LEVEL', 'STOP_DEADLINE_MS', 'HTTP_HOST', 'HTTP_PORT', 'NATS_REPLICAS']);

const compose = readFileSync(fileURLToPath(import.meta.resolve('../docker-compose.yml')), 'utf8');
for (const [service, table] of Object.entries(tables)) {
  const [, section = ''] = compose.split(new RegExp(`^ {2}${service}:$`, 'm'));
  const [own = ''] = section.split(/^ {2}\S/m);
  const passed = new Set(Array.from(own.matchAll(/^ {6}([A-Z_]+):/gm), ([, name]) => name));
  const missing = Object.keys(table).filter((name) => !elsewhere.has(name) && !passed.has(name));
  if (missing.length === 0) continue;
  console.error(`docker-compose.yml does not pass these settings to ${service}: ${missing.join(', ')}.`);
  process.exitCode = 1;
}
