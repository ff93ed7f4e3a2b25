// What a program imports from `ottla`: a broker to run inside it, on the world that Node gives or on
// one of its own.
export { Broker, type BrokerOptions } from './broker/broker.ts'
export { BrokerStatus } from './broker/broker-status.ts'
export { BrokerConfig } from './config/broker-config.ts'
export { ConfigError } from './config/config-error.ts'
export { parseProperties } from './config/properties.ts'
export { nodePlatform, type NodePlatformOptions } from './platform/node/node-platform.ts'
export type { Platform } from './platform/platform.ts'
export { lineLogger, LogLevels, type LogLevel } from './telemetry/line-logger.ts'
export { silentLogger, type Logger } from './telemetry/logger.ts'
export { Metrics } from './telemetry/metrics.ts'
