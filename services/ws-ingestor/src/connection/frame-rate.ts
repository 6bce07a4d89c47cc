/** Frames per second over about the last ten seconds; older frames count less. */
export class FrameRate {
  #frames = 0;
  #timeMs = 0;
  #counted = 0;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** @param framesTotal The number of frames so far. */
  sample(framesTotal: number, nowMs: number): void {
    const passedMs = nowMs - this.#atMs;
    if (passedMs <= 0) return;
    const kept = Math.exp(-passedMs / WINDOW_MS);
    this.#frames = this.#frames * kept + (framesTotal - this.#counted);
    this.#timeMs = this.#timeMs * kept + passedMs;
    this.#counted = framesTotal;
    this.#atMs = nowMs;
  }

  get perSecond(): number {
    return this.#timeMs === 0 ? 0 : (this.#frames * 1_000) / this.#timeMs;
  }
}

const WINDOW_MS = 10_000;
