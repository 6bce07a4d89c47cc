import type { Log } from '@polytape/resilience';
import type { ConnectionEnd, SessionConnection, SessionHandler } from '../src/channel/session-handler.ts';

type Told = { level: keyof Log; fields: Record<string, unknown>; sentence: string };

/** Wakes waiting tests whenever something is recorded. */
class Recording {
  readonly #waiting: (() => void)[] = [];

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  protected wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A log that records its lines. */
export class RecordingLog extends Recording implements Log {
  readonly told: Told[] = [];
  debug = this.#level('debug');
  info = this.#level('info');
  warn = this.#level('warn');
  error = this.#level('error');

  of(level: keyof Log): Told[] {
    return this.told.filter((line) => line.level === level);
  }

  #level(level: keyof Log): (fields: object, sentence: string) => void {
    return (fields, sentence) => {
      this.told.push({ level, fields: { ...fields }, sentence });
      this.wake();
    };
  }
}

/** A session's handler that records its calls in order. */
export class RecordingHandler extends Recording implements SessionHandler {
  readonly calls: string[] = [];
  readonly opened: string[] = [];
  readonly frames: { connectionId: string; text: string; receivedAtUs: number }[] = [];
  readonly binaries: Buffer[] = [];
  readonly ends: (ConnectionEnd & { connectionId: string })[] = [];

  onOpen({ connectionId }: SessionConnection): void {
    this.opened.push(connectionId);
    this.#called('open');
  }

  onFrame({ connectionId }: SessionConnection, frame: Buffer, receivedAtUs: number): void {
    this.frames.push({ connectionId, text: frame.toString('utf8'), receivedAtUs });
    this.#called('frame');
  }

  onBinary(_connection: SessionConnection, bytes: Buffer): void {
    this.binaries.push(bytes);
    this.#called('binary');
  }

  onClose({ connectionId }: SessionConnection, end: ConnectionEnd): void {
    this.ends.push({ connectionId, ...end });
    this.#called('close');
  }

  get texts(): string[] {
    return this.frames.map(({ text }) => text);
  }

  #called(what: string): void {
    this.calls.push(what);
    this.wake();
  }
}
