// Requests of brokers that speak for a life that is over, or that nobody knows: one line each.
import type { Term } from './term.ts'

export function logRefusal(
  { logger }: Term,
  request: string,
  { brokerId, brokerEpoch }: { readonly brokerId: number; readonly brokerEpoch: number },
  knownEpoch: number | undefined,
): void {
  const why = knownEpoch === undefined ? 'it is not registered' : `its epoch is ${knownEpoch}`
  logger.warn(`Refused ${request} of broker ${brokerId} with broker epoch ${brokerEpoch}: ${why}`)
}
