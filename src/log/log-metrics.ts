// The numbers of the logs, read when somebody asks.
import type { LoadProgress } from './load-progress.ts'
import type { Metrics, Registration } from '../telemetry/metrics.ts'
import type { Log } from './log.ts'

export interface MeasuredLogs {
  all(): Iterable<Log>
  readonly liveDirectories: readonly string[]
  readonly offlineDirectories: readonly string[]
}

export function registerLogMetrics(metrics: Metrics, logs: MeasuredLogs): void {
  const perLog = (name: string, valueOf: (log: Log) => number): void => {
    metrics.collect(`kafka_log_log_${name}`, 'gauge', (sample) => {
      for (const log of logs.all()) {
        sample({ partition: String(log.partition), topic: log.topic }, valueOf(log))
      }
    })
  }
  perLog('size', (log) => log.sizeBytes)
  perLog('logendoffset', (log) => log.logEndOffset)
  perLog('logstartoffset', (log) => log.logStartOffset)
  perLog('numlogsegments', (log) => log.segmentCount)
  metrics.gauge(
    'kafka_log_logmanager_offlinelogdirectorycount',
    {},
    () => logs.offlineDirectories.length,
  )
  metrics.collect('kafka_log_logmanager_logdirectoryoffline', 'gauge', (sample) => {
    for (const path of logs.liveDirectories) sample({ logDirectory: path }, 0)
    for (const path of logs.offlineDirectories) sample({ logDirectory: path }, 1)
  })
}

/** While logs are loading: how many are left. */
export function registerLoadMetrics(metrics: Metrics, progress: LoadProgress): Registration {
  return metrics.collect('kafka_log_logmanager_remaininglogstorecover', 'gauge', (sample) => {
    for (const [dir, logs] of progress.remaining) sample({ dir }, logs)
  })
}
