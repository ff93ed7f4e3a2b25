// Addresses as Java prints them, which is how they stand in the group records of Kafka's logs.

const MAPPED = '::ffff:'

/** `/127.0.0.1`, or `/0:0:0:0:0:0:0:1`: Java does not shorten. */
export function javaAddress(address: string): string {
  if (address.startsWith(MAPPED) && address.includes('.')) return `/${address.slice(MAPPED.length)}`
  if (!address.includes(':')) return `/${address}`
  const [plain = '', zone] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const missing = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back]
  return `/${groups.join(':')}${zone === undefined ? '' : `%${zone}`}`
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16).toString(16))
}
