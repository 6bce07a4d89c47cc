import { type BadAnswerRequest, BadAnswers } from './bad-answers.ts';
import { type RateCount, RateCounts, type VenueHost } from './rate-counts.ts';

/** Faults of the REST interfaces, and their counts, for tests and other processes. */
export class RestFaults {
  readonly badAnswers = new BadAnswers();
  readonly requests = new RateCounts();
  #books = 0;
  #wrongHashes = 0;
  #oneIn: number | null = null;

  /** Answers matching requests badly from now on. @throws {BadAnswerRequestError} The request is not valid. */
  answerBadly(request: BadAnswerRequest): void {
    this.badAnswers.order(request);
  }

  /** Makes one host, or all, answer correctly again, and cuts off requests that still have no answer. */
  answerRightly(host?: VenueHost): void {
    this.badAnswers.clear(host);
  }

  /** Gives one book in `oneIn` a wrong hash, which a recorder must count and keep; null: none. */
  giveWrongHashes(oneIn: number | null): void {
    this.#oneIn = oneIn;
  }

  /** A book for an answer, with its hash or a wrong one. */
  maySpoil(book: string): string {
    this.#books += 1;
    if (this.#oneIn === null || this.#books % this.#oneIn !== 0) return book;
    this.#wrongHashes += 1;
    return book.replace(/"hash":"[0-9a-f]{40}"/, `"hash":"${this.#wrongHashes.toString(16).padStart(40, '0')}"`);
  }

  /** Requests under each limit of the venue, and their maximum in any 10 s. */
  rates(): RateCount[] {
    return this.requests.counts();
  }

  /** `books` are the books in the CLOB's answers, `wrongHashes` those among them with a wrong hash. */
  counts(): { badAnswers: number; books: number; wrongHashes: number } {
    return { badAnswers: this.badAnswers.given, books: this.#books, wrongHashes: this.#wrongHashes };
  }
}
