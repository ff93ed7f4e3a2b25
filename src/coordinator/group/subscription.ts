// Which topics a group of consumers is subscribed to, from what its members joined with. Only to
// protect offsets: those of subscribed topics do not expire and cannot be deleted.
import { CodecError } from '../../codec/codec-error.ts'
import { ConsumerProtocolSubscription } from '../../wire/messages/consumer-protocol.ts'
import { metadataFor, type Member } from './group.ts'

/** The protocol type whose metadata a broker understands. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/** Undefined when the members do not speak the consumer protocol, or not readably. */
export function subscribedTopics(
  members: Iterable<Member>,
  protocolType: string | null,
  protocolName: string | null,
): ReadonlySet<string> | undefined {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined
  const topics = new Set<string>()
  for (const member of members) {
    if (protocolName === null) return undefined
    const named = readTopics(metadataFor(member, protocolName))
    if (named === undefined) return undefined
    for (const topic of named) topics.add(topic)
  }
  return topics
}

function readTopics(metadata: Buffer): readonly string[] | undefined {
  if (metadata.length < 2 || metadata.readInt16BE(0) < 0) return undefined
  try {
    // Later versions only add fields behind those of version 0.
    return ConsumerProtocolSubscription.decode(0, metadata, 2).topics
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}
