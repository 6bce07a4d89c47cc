import type { BadAnswerRequest, BadAnswers } from './bad-answers.ts';
import type { RateCount, RateCounts, VenueHost } from './rate-counts.ts';

/** Faults of the REST interfaces, and their counts, for tests and other processes. */
export class RestFaults {
  readonly #badAnswers: BadAnswers;
  readonly #wrongHashes: WrongHashes;
  readonly #rates: RateCounts;

  constructor(parts: { badAnswers: BadAnswers; wrongHashes: WrongHashes; rates: RateCounts }) {
    this.#badAnswers = parts.badAnswers;
    this.#wrongHashes = parts.wrongHashes;
    this.#rates = parts.rates;
  }

  /** Answers matching requests badly from now on. @throws {BadAnswerRequestError} The request is not valid. */
  answerBadly(request: BadAnswerRequest): void {
    this.#badAnswers.order(request);
  }

  /** Makes one host, or all, answer correctly again, and cuts off requests that still have no answer. */
  answerRightly(host?: VenueHost): void {
    this.#badAnswers.clear(host);
  }

  /** Gives one book in `oneIn` a wrong hash; null: none. */
  giveWrongHashes(oneIn: number | null): void {
    this.#wrongHashes.set(oneIn);
  }

  /** Requests under each limit of the venue, and their maximum in any 10 s. */
  rates(): RateCount[] {
    return this.#rates.counts();
  }

  /** `books` are the books in the CLOB's answers, `wrongHashes` those among them with a wrong hash. */
  counts(): { badAnswers: number; books: number; wrongHashes: number } {
    return { badAnswers: this.#badAnswers.given, books: this.#wrongHashes.books, wrongHashes: this.#wrongHashes.wrong };
  }
}

/** Gives one book in `oneIn` a wrong hash on request. A recorder must count and keep such a book. */
export class WrongHashes {
  /** Books in REST answers, and those among them with a wrong hash. */
  books = 0;
  wrong = 0;
  #oneIn: number | null = null;

  /** @param oneIn Null makes every hash correct again. */
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
