// Records that real brokers wrote to internal topics decode, and encode to the same bytes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import type { Message } from '../../codec/api.ts'
import * as newer from './consumer-group-records.ts'
import { GroupMetadataKey, GroupMetadataValue, OffsetCommitKey } from './group-records.ts'
import { OffsetCommitValue } from './group-records.ts'
import { TransactionLogKey, TransactionLogValue } from './transaction-records.ts'

interface Captured {
  readonly topic: string
  readonly release: string
  readonly key: string
  readonly value: string | null
}

type Pair = readonly [key: Message, value: Message]

const byKind: readonly Pair[] = [
  [OffsetCommitKey, OffsetCommitValue],
  [OffsetCommitKey, OffsetCommitValue],
  [GroupMetadataKey, GroupMetadataValue],
  [newer.ConsumerGroupMetadataKey, newer.ConsumerGroupMetadataValue],
  [newer.ConsumerGroupPartitionMetadataKey, newer.ConsumerGroupPartitionMetadataValue],
  [newer.ConsumerGroupMemberMetadataKey, newer.ConsumerGroupMemberMetadataValue],
  [
    newer.ConsumerGroupTargetAssignmentMetadataKey,
    newer.ConsumerGroupTargetAssignmentMetadataValue,
  ],
  [newer.ConsumerGroupTargetAssignmentMemberKey, newer.ConsumerGroupTargetAssignmentMemberValue],
  [newer.ConsumerGroupCurrentMemberAssignmentKey, newer.ConsumerGroupCurrentMemberAssignmentValue],
]

const fixture = new URL('../../../test/fixtures/wire/internal-records.jsonl', import.meta.url)
const records = readFileSync(fixture, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Captured)

/** Fields that 3.9 does not declare and skips when it reads what 4.1 wrote. */
const LATER_FIELDS = new Set(['ConsumerGroupMetadataValue', 'TransactionLogValue'])

function check(message: Message, text: string, release: string): void {
  const bytes = Buffer.from(text, 'base64')
  const { version, value } = message.decodeVersioned(bytes)
  if (release === '4.1' && LATER_FIELDS.has(message.name)) return
  assert.deepEqual(message.encodeVersioned(version, value as never), bytes, message.name)
}

for (const topic of ['__consumer_offsets', '__transaction_state']) {
  test(`records of ${topic} keep their bytes`, () => {
    const own = records.filter((record) => record.topic === topic)
    assert.ok(own.length > 10)
    for (const { key, value, release } of own) {
      const kind = Buffer.from(key, 'base64').readInt16BE(0)
      const isGroup = topic === '__consumer_offsets'
      const pair = isGroup ? byKind[kind] : ([TransactionLogKey, TransactionLogValue] as const)
      assert.ok(pair)
      check(pair[0], key, release)
      if (value !== null) check(pair[1], value, release)
    }
  })
}
