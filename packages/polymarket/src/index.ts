export type * from './market-event.ts';
export { MarketSession, type MarketSessionOptions, type MarketSessionStats } from './market-session.ts';
export { OutageNotice } from './outage-notice.ts';
export { type FrameElement, type ParsedFrame, parseFrame } from './parse-frame.ts';
export { recogniseFrame } from './recognise-frame.ts';
export type { ConnectionEnd, SessionConnection, SessionHandler } from './session-handler.ts';
