/** An option of the venue that cannot be: says which, and what it may be. */
export class VenueSimOptionError extends Error {
  override readonly name = 'VenueSimOptionError';
  readonly disposition = 'stop';
}

/** The venue could not start: its port, or its ledger file. */
export class VenueSimStartError extends Error {
  override readonly name = 'VenueSimStartError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(message: string, operatorAction: string, cause: unknown) {
    super(message, { cause });
    this.operatorAction = operatorAction;
  }
}

/** A market cannot take this step: it is closed already, nothing was proposed, and so on. */
export class MarketStepError extends Error {
  override readonly name = 'MarketStepError';
  readonly disposition = 'stop';

  constructor(conditionId: string, refusal: string) {
    super(`market ${conditionId}: ${refusal}`);
  }
}

/** A trade that was asked for and cannot be executed: unknown token, closed market, price off the tick. */
export class TradeRequestError extends Error {
  override readonly name = 'TradeRequestError';
  readonly disposition = 'stop';
}

/** Bad answers that were asked for and cannot be given. */
export class BadAnswerRequestError extends Error {
  override readonly name = 'BadAnswerRequestError';
  readonly disposition = 'stop';
}
