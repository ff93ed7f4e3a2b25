// Labels of a series, rendered once when the series is made.

export type Labels = Readonly<Record<string, string | number>>

/** `{a="x",b="y"}` in the order given, or nothing without labels. */
export function renderLabels(labels: Labels, quantile?: string): string {
  const pairs = Object.entries(labels).map(([name, value]) => pair(name, String(value)))
  if (quantile !== undefined) pairs.push(pair('quantile', quantile))
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function pair(name: string, value: string): string {
  const label = name.replace(/[^a-zA-Z0-9_]/g, '_')
  return `${label}="${value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? '')}"`
}

/** A number as Prometheus reads it. */
export function renderNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
