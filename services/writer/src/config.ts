import { busSettings, type ConfigTable, integer, integerOrZero, processSettings, url } from '@polytape/service';

/** The writer's settings; the README's section is generated from this table. */
export const configTable = {
  ...busSettings,
  DATABASE_URL: url({
    default: 'postgresql://polytape@127.0.0.1:5432/polytape',
    protocols: ['postgresql:', 'postgres:'],
    secret: true,
    description: 'Address of TimescaleDB or PostgreSQL; may contain user and password.',
  }),
  BATCH_ROWS_MAX: integer({ default: 5_000, min: 1, max: 100_000, description: 'Maximum rows in a transaction.' }),
  BATCH_BYTES_MAX: integer({
    default: 8_388_608,
    min: 65_536,
    max: 1_073_741_824,
    description: 'Bytes of messages at which a transaction starts even with fewer rows, because books are large.',
  }),
  BATCH_AGE_MS_MAX: integer({
    default: 0,
    min: 0,
    max: 60_000,
    description:
      'Longest time that a message waits for its batch to fill. With 0 a transaction begins at once, and what comes before its end is in the next one. A longer wait needs fewer transactions and stores trades later.',
  }),
  TAKEOVER_AFTER_MS: integer({
    default: 15_000,
    min: 1_000,
    max: 3_600_000,
    description:
      'How long a writer keeps a stream that it cannot read (NATS cannot be reached, a permission is missing) before it releases the stream to another writer.',
  }),
  RETENTION_TRADES_DAYS: integerOrZero({
    min: 7,
    description:
      'Days to keep trades in the database, counted back from the start of today (UTC); 0 keeps them forever. On the Community edition of TimescaleDB their candles stay. The streams have a maximum age of their own.',
  }),
  RETENTION_PRICES_DAYS: integerOrZero({
    min: 7,
    description:
      'Days to keep price snapshots; 0 keeps them forever. On the Community edition of TimescaleDB their hourly and daily candles stay.',
  }),
  RETENTION_BOOKS_DAYS: integerOrZero({
    min: 1,
    description: 'Days to keep order books; 0 keeps them forever.',
  }),
  RETENTION_UNPARSED_DAYS: integer({
    default: 30,
    min: 0,
    description: 'Days to keep messages of the venue that could not be parsed; 0 keeps them forever.',
  }),
  RETENTION_DEAD_LETTERS_DAYS: integer({
    default: 365,
    min: 0,
    description: 'Days to keep messages that the database refused (dead letters); 0 keeps them forever.',
  }),
  ...processSettings,
} satisfies ConfigTable;
