import { busSettings, type ConfigTable, integer, integerOrZero, processSettings, url } from '@polytape/service';

/** The writer's settings; the README's section is generated from this table. */
export const configTable = {
  ...busSettings,
  DATABASE_URL: url({
    default: 'postgresql://polytape@127.0.0.1:5432/polytape',
    protocols: ['postgresql:', 'postgres:'],
    secret: true,
    description: 'TimescaleDB or PostgreSQL; may hold user and password.',
  }),
  BATCH_ROWS_MAX: integer({ default: 5_000, min: 1, max: 100_000, description: 'Rows of one transaction at most.' }),
  BATCH_BYTES_MAX: integer({
    default: 8_388_608,
    min: 65_536,
    max: 1_073_741_824,
    description: 'Bytes of messages with which a transaction begins before it has so many rows: books are large.',
  }),
  BATCH_AGE_MS_MAX: integer({
    default: 10,
    min: 1,
    max: 60_000,
    description:
      'Longest wait of a message for its batch to fill. Shorter: trades are in the database sooner; longer: fewer transactions.',
  }),
  RETENTION_TRADES_DAYS: integerOrZero({
    min: 7,
    description:
      'Days to keep trades in the database, counted back from the start of today (UTC); 0 keeps them for ever. On the Community edition of TimescaleDB their candles stay. The streams have a maximum age of their own.',
  }),
  RETENTION_PRICES_DAYS: integerOrZero({
    min: 7,
    description:
      'Days to keep price snapshots; 0 keeps them for ever. On the Community edition of TimescaleDB their hourly and daily candles stay.',
  }),
  RETENTION_BOOKS_DAYS: integerOrZero({
    min: 1,
    description: 'Days to keep order books; 0 keeps them for ever.',
  }),
  RETENTION_UNPARSED_DAYS: integer({
    default: 30,
    min: 0,
    description: 'Days to keep messages of the venue that could not be parsed; 0 keeps them for ever.',
  }),
  RETENTION_DEAD_LETTERS_DAYS: integer({
    default: 365,
    min: 0,
    description: 'Days to keep messages that the database refused (dead letters); 0 keeps them for ever.',
  }),
  ...processSettings,
} satisfies ConfigTable;
