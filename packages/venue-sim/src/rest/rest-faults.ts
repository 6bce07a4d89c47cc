import type { BadAnswerRequest, BadAnswers } from './bad-answers.ts';
import type { RateCount, RateCounts, VenueHost } from './rate-counts.ts';
import type { WrongHashes } from './wrong-hashes.ts';

/** What tests and other processes may do with the REST interfaces, and ask of them. */
export class RestFaults {
  readonly #badAnswers: BadAnswers;
  readonly #wrongHashes: WrongHashes;
  readonly #rates: RateCounts;

  constructor(parts: { badAnswers: BadAnswers; wrongHashes: WrongHashes; rates: RateCounts }) {
    this.#badAnswers = parts.badAnswers;
    this.#wrongHashes = parts.wrongHashes;
    this.#rates = parts.rates;
  }

  /** Requests that match are answered badly from now on, so many of them or all. @throws {BadAnswerRequestError} It cannot be. */
  answerBadly(request: BadAnswerRequest): void {
    this.#badAnswers.order(request);
  }

  /** One host answers rightly again, or all do; what waits for an answer that would never come is cut off. */
  answerRightly(host?: VenueHost): void {
    this.#badAnswers.clear(host);
  }

  /** One book in so many has a hash that is not its own; null: none. */
  giveWrongHashes(oneIn: number | null): void {
    this.#wrongHashes.set(oneIn);
  }

  /** Requests by the limits of the venue, and the most in any 10 s. */
  rates(): RateCount[] {
    return this.#rates.counts();
  }

  /** `books` and `wrongHashes`: of the CLOB's answers, books and those of them with a wrong hash. */
  counts(): { badAnswers: number; books: number; wrongHashes: number } {
    return { badAnswers: this.#badAnswers.given, books: this.#wrongHashes.books, wrongHashes: this.#wrongHashes.wrong };
  }
}
