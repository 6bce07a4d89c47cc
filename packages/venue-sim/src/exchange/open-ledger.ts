import { VenueSimStartError } from '../venue-sim-errors.ts';
import { TruthLedger } from './truth-ledger.ts';

/** The ledger that the venue was asked to keep. @throws {VenueSimStartError} Its file cannot be written. */
export async function openLedger(path: string | null): Promise<TruthLedger> {
  try {
    return await TruthLedger.open(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new VenueSimStartError(`cannot write the ledger (${cause})`, 'Choose another file with --ledger.', error);
  }
}
