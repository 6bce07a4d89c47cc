import { type Logger, pino } from 'pino';
import { shownJson, shownText } from './shown-text.ts';

export type { Logger };

/** Log levels, most verbose first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one JSON line a record to standard output, synchronously: the log of a killed process is complete. */
export function createLogger(o: { service: string; level: LogLevel }): Logger {
  const options = {
    level: o.level,
    base: { service: o.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    // The log may hold text of the venue and be read on a terminal; pino escapes only some control characters.
    hooks: { streamWrite: (line: string) => `${shownJson(line.trimEnd())}\n` },
  };
  // `sync` is essential: with a worker thread, lines could be lost or reordered when the process exits.
  const output = pino.destination({ fd: 1, sync: true, maxLength: UNWRITTEN_BYTES_MAX });
  output.on('error', () => {}); // a full disk costs log lines, and must not end the recording
  return pino(options, output);
}

/** The chain of causes as one sentence, and the stack of the outermost error. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return { name: error.name, message: errorSentence(error), stack: error.stack };
}

/** The error and its causes on one line: `could not connect: connect ECONNREFUSED 127.0.0.1:4222`. Full sentences stay apart. */
export function errorSentence(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && depth < CAUSES_MAX; depth += 1) {
    const message = at instanceof Error ? at.message || at.name : String(at);
    if (!parts.some((part) => part.includes(message))) parts.push(message);
    at = at instanceof Error ? at.cause : undefined;
  }
  const joined = parts.map((part, i) => (i === parts.length - 1 || /[.?!…]$/.test(part) ? part : `${part}:`)).join(' ');
  return shownText(joined).replace(/ +/g, ' ');
}

/** The same as full sentences, followed by the error's advice if it has any. */
export function errorAdvice(error: unknown): string {
  const what = errorSentence(error);
  const { operatorAction } = Object(error) as { operatorAction?: string };
  const sentences = operatorAction === undefined || what.includes(operatorAction) ? [what] : [what, operatorAction];
  return shownText(sentences.map(asSentence).join(' '));
}

function asSentence(text: string): string {
  const words = text.replace(/[\s.]+$/, '');
  return /[?!…]$/.test(words) ? words : `${words}.`;
}

const CAUSES_MAX = 5;
/** Bytes of log lines that are kept while the disk is full; further lines are dropped. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024;
