// Samples and reporters of metrics.
import { boolean, int, list, long, string } from '../setting.ts'

export const metricsSettings = {
  'metrics.num.samples': int({
    default: 2,
    min: 1,
    importance: 'low',
    doc: 'Samples that a rate is computed from.',
  }),
  'metrics.sample.window.ms': long({
    default: 30_000,
    min: 1,
    importance: 'low',
    doc: 'Length of one sample.',
  }),
  'metrics.recording.level': string({
    default: 'INFO',
    importance: 'low',
    doc: 'Which metrics are recorded: INFO, DEBUG or TRACE.',
  }),
  'metric.reporters': list({
    default: '',
    importance: 'low',
    update: 'cluster-wide',
    doc: 'Java classes that report metrics; Prometheus reads them over HTTP here.',
  }),
  'auto.include.jmx.reporter': boolean({
    default: true,
    importance: 'low',
    doc: 'Whether JMX is reported to in any case; there is none here.',
  }),
  'kafka.metrics.reporters': list({
    default: '',
    importance: 'low',
    doc: "Java classes that report Kafka's older metrics; no effect here.",
  }),
  'kafka.metrics.polling.interval.secs': int({
    default: 10,
    min: 1,
    importance: 'low',
    doc: 'How often those reporters are called; no effect here.',
  }),
}
