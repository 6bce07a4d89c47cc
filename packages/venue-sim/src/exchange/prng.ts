/**
 * The simulation's only source of random numbers: sfc32, which is small, fast and the same on every machine, so that a seed
 * identifies a venue. Not for secrets.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** A generator for one purpose: `new Prng(seed, 'market', 17)`. Different parts give unrelated sequences. */
  constructor(...parts: (string | number)[]) {
    const text = parts.join('\u0000');
    this.#a = hash32(text, 0x9e3779b9);
    this.#b = hash32(text, 0x243f6a88);
    this.#c = hash32(text, 0xb7e15162);
    // The first outputs still depend visibly on the seed.
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.next() / 0x1_0000_0000;
  }

  /** An integer between both bounds, bounds included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** @throws {RangeError} Nothing to pick from. */
  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('nothing to pick from');
    return choices[Math.floor(this.unit() * choices.length)] as T;
  }

  /** `count` different choices in random order, or all of them if there are fewer. */
  sample<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) {
      taken.push(...left.splice(Math.floor(this.unit() * left.length), 1));
    }
    return taken;
  }

  /** Random lower-case hex digits; `digits` must be even, 128 at most. */
  hex(digits: number): string {
    const bytes = digits / 2;
    // Text built from pieces would stay a tree of pieces: a kilobyte for a hash.
    for (let at = 0; at < bytes; at += 4) HEX_BYTES.writeUInt32BE(this.next(), at);
    return HEX_BYTES.toString('hex', 0, bytes);
  }
}

const HEX_BYTES = Buffer.alloc(64);

/** FNV-1a with a final avalanche. */
function hash32(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
