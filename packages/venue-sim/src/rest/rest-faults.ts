import type { BadAnswerRequest, BadAnswers } from './bad-answers.ts';
import type { RateCount, RateCounts, VenueHost } from './rate-counts.ts';

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

/** Gives one book in so many a hash that is not its own, on request: what a recorder must count and keep. */
export class WrongHashes {
  /** Books that were answered by REST, and those of them with a wrong hash. */
  books = 0;
  wrong = 0;
  #oneIn: number | null = null;

  /** Null makes every hash right again. */
  set(oneIn: number | null): void {
    this.#oneIn = oneIn;
  }

  maySpoil(book: string): string {
    this.books += 1;
    if (this.#oneIn === null || this.books % this.#oneIn !== 0) return book;
    this.wrong += 1;
    return book.replace(/"hash":"[0-9a-f]{40}"/, `"hash":"${this.wrong.toString(16).padStart(40, '0')}"`);
  }
}
