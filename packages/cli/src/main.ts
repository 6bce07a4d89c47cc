#!/usr/bin/env node
/** The `polytape` command. */
import { errorAdvice, shownText } from '@polytape/service';
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

const stop = new AbortController();
// A terminal that closes sends SIGHUP to us and to the npx that started us, which passes it on: twice is still once.
process.on('SIGHUP', () => stop.abort());
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) {
      // The services notice that their supervisor is gone, and stop by themselves.
      process.stderr.write('Exiting now. The services stop by themselves; nothing is compared.\n');
      process.exit(1);
    }
    stop.abort();
  });
}

// The reader of our output may go away, as `head` does: the command then stops in order, silently.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  });
}

try {
  process.exitCode = await createProgram({ env: process.env, signal: stop.signal }).run(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // commander has printed what is wrong, or its help
  } else if (stop.signal.aborted && error === stop.signal.reason) {
    process.stderr.write('Stopped during startup.\n');
  } else {
    const { disposition } = error as { disposition?: string };
    process.stderr.write(`polytape: ${errorAdvice(error)}\n`);
    const stack = disposition === undefined ? String((error as Error).stack).split('\n') : [];
    for (const line of stack) process.stderr.write(`${shownText(line)}\n`);
    process.exitCode = 1;
  }
}
