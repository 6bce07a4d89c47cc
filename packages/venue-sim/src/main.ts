#!/usr/bin/env node
/** The simulated venue as a process of its own; see `createVenueSimCommand` for its options. */
import { CommanderError } from 'commander';
import { createVenueSimCommand } from './venue-sim-command.ts';
import { LedgerWriteError, VenueSimStartError } from './venue-sim-errors.ts';

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  // The second signal has no handler and ends the process at once.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  // When an IPC channel closes, the parent that opened it has died. The channel alone must not keep us running.
  process.once('disconnect', () => stop.abort());
  process.channel?.unref();
  return stop.signal;
}

try {
  await createVenueSimCommand({ stopSignal }).exitOverride().showSuggestionAfterError(false).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what is wrong; help is not an error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof VenueSimStartError || error instanceof LedgerWriteError) {
    console.error(`error: ${error.message}. ${error.operatorAction}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
