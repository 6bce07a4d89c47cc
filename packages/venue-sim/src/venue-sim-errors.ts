/** An invalid option; the message says what would be valid. */
export class VenueSimOptionError extends Error {
  override readonly name = 'VenueSimOptionError';
  readonly disposition = 'stop';
}

/** The venue could not open its port or its ledger file. */
export class VenueSimStartError extends Error {
  override readonly name = 'VenueSimStartError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(message: string, operatorAction: string, cause: unknown) {
    super(message, { cause });
    this.operatorAction = operatorAction;
  }
}

/** A market cannot take this step: it is already closed, nothing was proposed, and so on. */
export class MarketStepError extends Error {
  override readonly name = 'MarketStepError';
  readonly disposition = 'stop';

  constructor(conditionId: string, refusal: string) {
    super(`market ${conditionId}: ${refusal}`);
  }
}

/** A requested trade cannot be executed: unknown token, closed market, price off the tick. */
export class TradeRequestError extends Error {
  override readonly name = 'TradeRequestError';
  readonly disposition = 'stop';
}

/** An invalid request for bad answers. */
export class BadAnswerRequestError extends Error {
  override readonly name = 'BadAnswerRequestError';
  readonly disposition = 'stop';
}

/** The ledger file can no longer be written, so later trades could not be verified. */
export class LedgerWriteError extends Error {
  override readonly name = 'LedgerWriteError';
  readonly disposition = 'stop';
  readonly operatorAction = 'Free some space or choose another file, and start the venue again.';

  constructor(path: string, cause: unknown) {
    super(`cannot write the ledger ${path} (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
}

/** The whole ledger was requested, but its oldest trades are no longer available. */
export class LedgerOutgrownError extends Error {
  override readonly name = 'LedgerOutgrownError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(path: string | null, tradesMax: number) {
    super(`more than ${tradesMax} trades were executed; the oldest are no longer in memory`);
    this.operatorAction =
      path === null ? 'Start the venue with a ledger file, which holds them all.' : `Read the ledger file, ${path}.`;
  }
}

/** The truth about resolutions was requested, but it is incomplete. */
export class ResolutionsOutgrownError extends Error {
  override readonly name = 'ResolutionsOutgrownError';
  readonly disposition = 'stop';
  readonly operatorAction = 'Close fewer markets in one run.';

  constructor(marketsMax: number) {
    super(`more than ${marketsMax} markets were closed or proposed; the venue no longer knows all of them`);
  }
}
