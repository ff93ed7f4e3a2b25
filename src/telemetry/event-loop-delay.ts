// How long the event loop keeps everybody waiting: the lateness of a timer that always runs.
import type { Clock, Timer } from '../platform/clock.ts'
import type { Metrics } from './metrics.ts'

const PERIOD_MS = 100

/** Records until `cancel` is called. */
export function watchEventLoop(clock: Clock, metrics: Metrics): Timer {
  const delays = metrics.histogram('ottla_event_loop_delay_ms')
  let timer: Timer
  const ask = (): void => {
    const askedMs = clock.monotonicMs()
    timer = clock.setTimer(PERIOD_MS, () => {
      delays.record(Math.max(0, clock.monotonicMs() - askedMs - PERIOD_MS))
      ask()
    })
  }
  ask()
  return { cancel: () => timer.cancel() }
}
