export { beginService } from './begin-service.ts';
export { configDocs } from './config-docs.ts';
export {
  type Config,
  type ConfigOrder,
  type ConfigTable,
  choice,
  integer,
  integerOrZero,
  type Setting,
  text,
  url,
} from './config-table.ts';
export { HealthServer, PortTakenError } from './health-server.ts';
export { newInstanceId } from './instance-id.ts';
export { ConfigError, loadConfig } from './load-config.ts';
export { createLogger, errorAdvice, errorSentence, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts';
export { Metrics } from './metrics.ts';
export {
  addHistograms,
  type DurationHistogram,
  histogramSince,
  parsePrometheusText,
  quantile,
  readHistogram,
  type Scrape,
  sumOf,
} from './prometheus-text.ts';
export { busSettings, processSettings } from './shared-settings.ts';
export { shownJson, shownText } from './shown-text.ts';
export type { Stop } from './stop.ts';
