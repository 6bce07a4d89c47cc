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
