// partition.metadata: the id of the topic that the directory belongs to.
const FORMAT = /^version: ?0\s*\ntopic_id: ?([A-Za-z0-9_-]{22})\s*$/

export function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`
}

/** Undefined when the content is not of this form: the id is then learned from the controller. */
export function parsePartitionMetadata(text: string): string | undefined {
  return FORMAT.exec(text)?.[1]
}
