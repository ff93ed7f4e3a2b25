// All numbers that a broker publishes, under the names that the JMX exporter gives Apache Kafka's.
//
// Whoever counts holds a Counter or Histogram and touches only that; names and labels are rendered
// when the series is made, values when somebody asks.
import { Histogram, QUANTILES } from './histogram.ts'
import { renderLabels, renderNumber, type Labels } from './labels.ts'
import { helpOf } from './metric-help.ts'

export class Counter {
  value = 0

  add(count = 1): void {
    this.value += count
  }
}

/** Takes a series out of the registry; calling it again does nothing. */
export interface Registration {
  remove(): void
}

/** Passes on one sample of a family that is read as a whole. */
export type Sample = (labels: Labels, value: number) => void

interface Series {
  /** Appends lines. */
  render(lines: string[], nowMs: number): void
}

type Kind = 'counter' | 'gauge'

interface Family {
  readonly name: string
  readonly kind: Kind
  readonly series: Map<string, Series>
}

class CounterSeries implements Series {
  readonly counter = new Counter()
  readonly #prefix: string

  constructor(name: string, labels: string) {
    this.#prefix = `${name}${labels} `
  }

  render(lines: string[]): void {
    lines.push(this.#prefix + renderNumber(this.counter.value))
  }
}

class GaugeSeries implements Series {
  readonly #prefix: string
  readonly #read: () => number

  constructor(name: string, labels: string, read: () => number) {
    this.#prefix = `${name}${labels} `
    this.#read = read
  }

  render(lines: string[]): void {
    lines.push(this.#prefix + renderNumber(this.#read()))
  }
}

class HistogramSeries implements Series {
  readonly histogram = new Histogram()
  readonly #countPrefix: string
  readonly #prefixes: readonly string[]

  constructor(name: string, labels: Labels) {
    this.#countPrefix = `${name}_count${renderLabels(labels)} `
    this.#prefixes = QUANTILES.map(
      (quantile) => `${name}${renderLabels(labels, quantile.toFixed(quantile === 0.999 ? 3 : 2))} `,
    )
  }

  render(lines: string[], nowMs: number): void {
    lines.push(this.#countPrefix + renderNumber(this.histogram.count))
    this.histogram.quantiles(nowMs).forEach((value, index) => {
      lines.push(`${this.#prefixes[index] ?? ''}${renderNumber(value)}`)
    })
  }
}

class CollectedSeries implements Series {
  readonly #name: string
  readonly #collect: (sample: Sample) => void

  constructor(name: string, collect: (sample: Sample) => void) {
    this.#name = name
    this.#collect = collect
  }

  render(lines: string[]): void {
    this.#collect((labels, value) => {
      lines.push(`${this.#name}${renderLabels(labels)} ${renderNumber(value)}`)
    })
  }
}

const NO_LABELS: Labels = {}

export class Metrics {
  readonly #families = new Map<string, Family>()
  readonly #nowMs: () => number
  #collectors = 0

  /** `nowMs` ages the quantiles of histograms; without it they span all time. */
  constructor(nowMs: () => number = () => 0) {
    this.#nowMs = nowMs
  }

  /** The counter of that name and these labels, made when it is not there. */
  counter(name: string, labels: Labels = NO_LABELS): Counter {
    const key = renderLabels(labels)
    const { series } = this.#family(name, 'counter')
    const known = series.get(key)
    if (known instanceof CounterSeries) return known.counter
    const made = new CounterSeries(name, key)
    series.set(key, made)
    return made.counter
  }

  /** A value that is read when somebody asks. Replaces one of the same name and labels. */
  gauge(name: string, labels: Labels, read: () => number): Registration {
    const key = renderLabels(labels)
    return this.#register(this.#family(name, 'gauge'), key, new GaugeSeries(name, key, read))
  }

  /** Quantiles and a count, as the JMX exporter shows Kafka's histograms. */
  histogram(name: string, labels: Labels = NO_LABELS): Histogram {
    const key = renderLabels(labels)
    const { series } = this.#family(name, 'gauge')
    const known = series.get(key)
    if (known instanceof HistogramSeries) return known.histogram
    const made = new HistogramSeries(name, labels)
    series.set(key, made)
    return made.histogram
  }

  /** A family whose series come and go, such as one of each partition: read as a whole. */
  collect(name: string, kind: Kind, read: (sample: Sample) => void): Registration {
    const key = `collector ${this.#collectors++}`
    return this.#register(this.#family(name, kind), key, new CollectedSeries(name, read))
  }

  /** Everything in the text format of Prometheus, families in the order of their names. */
  render(): string {
    const nowMs = this.#nowMs()
    const lines: string[] = []
    for (const { name, kind, series } of this.#sorted()) {
      const help = helpOf(name)
      if (help !== undefined) lines.push(`# HELP ${name} ${help}`)
      lines.push(`# TYPE ${name} ${kind}`)
      for (const one of series.values()) one.render(lines, nowMs)
    }
    lines.push('')
    return lines.join('\n')
  }

  #sorted(): Family[] {
    const filled = [...this.#families.values()].filter(({ series }) => series.size > 0)
    return filled.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #family(name: string, kind: Kind): Family {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { name, kind, series: new Map() }
      this.#families.set(name, family)
    }
    return family
  }

  #register({ series }: Family, key: string, one: Series): Registration {
    series.set(key, one)
    const remove = (): void => {
      if (series.get(key) === one) series.delete(key)
    }
    return { remove }
  }
}
