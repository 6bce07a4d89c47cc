export { commandLineAnswer } from './command-line.ts';
export { configDocs } from './config-docs.ts';
export { type Config, type ConfigTable, choice, integer, type Setting, text, url } from './config-table.ts';
export { endOnFatalError } from './fatal.ts';
export { HealthServer, PortTakenError, type Readiness } from './health-server.ts';
export { ConfigError, loadConfig } from './load-config.ts';
export { createLogger, errorSentence, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts';
export { Metrics } from './metrics.ts';
export { type Stop, stopOnSignal } from './stop.ts';
