export { DatabaseProbe, type DeadLetterRow, type UnparsedRow } from './database-probe.ts';
export { multisetDifference } from './multiset-difference.ts';
export { type LogRecord, type ProcessExit, ProcessUnderTest } from './process-under-test.ts';
export { sampleTrade, tradeMessage } from './sample-trade.ts';
export { type ServiceName, ServiceUnderTest } from './service-under-test.ts';
export { silentLog } from './silent-log.ts';
export { compareTape, type TapeComparison } from './tape-comparison.ts';
export { TestBed, venueEnv } from './test-bed.ts';
export { DeadlineError, until } from './until.ts';
