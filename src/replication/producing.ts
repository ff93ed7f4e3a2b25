// The way of a Produce request through the replicas: verified where a transaction begins, appended
// partition by partition, answered when all are acknowledged as `acks` says.
// Hot: no promise; a request without transactions makes one operation and one entry per partition.
import type { AppendResult } from '../log/log-types.ts'
import { isInternalTopic } from '../metadata/topic-name.ts'
import { Errors } from '../wire/errors.ts'
import { producerEpoch, producerId } from '../wire/records/batch.ts'
import { failedAppend } from './append-results.ts'
import type { Deadlines } from './deadlines.ts'
import type { Partition } from './partition.ts'
import { ProduceOperation } from './produce-operation.ts'
import type { ProduceOptions, ProduceTarget, ReplicasOptions } from './replicas-options.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import { KNOWS_ABORTABLE, needsVerification, unverified } from './transaction-verifier.ts'
import type { TransactionVerifier } from './transaction-verifier.ts'

export interface ProducingOptions {
  readonly replicas: Pick<ReplicasOptions, 'config' | 'platform' | 'transactionVerifier'>
  readonly deadlines: Deadlines
  readonly metrics: ReplicationMetrics
  readonly find: (topic: string, index: number) => Partition | number
}

type Done = (results: readonly AppendResult[]) => void

/** Targets that a transaction's coordinator has to be asked about first. */
interface Question {
  readonly verifier: TransactionVerifier
  readonly transactionalId: string
  readonly first: ProduceTarget
  readonly targets: readonly ProduceTarget[]
}

export class Producing {
  readonly #options: ProducingOptions

  constructor(options: ProducingOptions) {
    this.#options = options
  }

  produce(options: ProduceOptions, targets: readonly ProduceTarget[], done: Done): void {
    const { acks } = options
    if (acks !== -1 && acks !== 0 && acks !== 1) {
      done(targets.map(() => failedAppend(Errors.INVALID_REQUIRED_ACKS)))
      return
    }
    const question = this.#questionFor(options, targets)
    if (question === undefined) this.#appendAll(options, targets, undefined, done)
    else this.#appendVerified(question, options, targets, done)
  }

  #appendAll(
    options: ProduceOptions,
    targets: readonly ProduceTarget[],
    refusals: ReadonlyMap<ProduceTarget, AppendResult> | undefined,
    done: Done,
  ): void {
    const { acks, requester } = options
    const { deadlines, find, replicas } = this.#options
    const nowMs = replicas.platform.clock.nowMs()
    const results: AppendResult[] = []
    const operation = new ProduceOperation(acks, requester, deadlines, results, done)
    for (const target of targets) {
      const refusal = refusals?.get(target)
      const partition = find(target.topic, target.partition)
      const result = refusal ?? this.#append(options, target, partition, nowMs)
      results.push(result)
      if (acks === 0 || result.error !== Errors.NONE || typeof partition === 'number') continue
      operation.await(results.length - 1, partition, result.lastOffset)
    }
    operation.start(options.timeoutMs)
  }

  #append(
    options: ProduceOptions,
    target: ProduceTarget,
    partition: Partition | number,
    nowMs: number,
  ): AppendResult {
    if (!options.internalTopicsAllowed && isInternalTopic(target.topic)) {
      return failedAppend(Errors.INVALID_TOPIC_EXCEPTION)
    }
    if (typeof partition === 'number') return failedAppend(partition)
    const result = partition.append(target.records, options.acks, {
      origin: options.origin,
      requestVersion: options.requestVersion,
      nowMs,
    })
    this.#options.metrics.onAppend(target.topic, result, target.records.length)
    return result
  }

  #questionFor(options: ProduceOptions, targets: readonly ProduceTarget[]): Question | undefined {
    const { transactionVerifier: verifier, config } = this.#options.replicas
    const { transactionalId } = options
    if (verifier === undefined || transactionalId === null || options.origin !== 'client') {
      return undefined
    }
    if (!config.get('transaction.partition.verification.enable')) return undefined
    const asked = targets.filter(({ topic, partition, records }) => {
      const known = this.#options.find(topic, partition)
      return typeof known !== 'number' && needsVerification(known, records)
    })
    const [first] = asked
    return first && { verifier, transactionalId, first, targets: asked }
  }

  #appendVerified(
    question: Question,
    options: ProduceOptions,
    targets: readonly ProduceTarget[],
    done: Done,
  ): void {
    question.verifier.verify(
      {
        transactionalId: question.transactionalId,
        producerId: producerId(question.first.records, 0),
        producerEpoch: producerEpoch(question.first.records, 0),
        knowsAbortable: options.requestVersion >= KNOWS_ABORTABLE,
        partitions: question.targets,
      },
      (errors) => {
        const refusals = new Map<ProduceTarget, AppendResult>()
        for (const [place, target] of question.targets.entries()) {
          const error = errors[place] ?? Errors.UNKNOWN_SERVER_ERROR
          if (error !== Errors.NONE) refusals.set(target, unverified(error))
        }
        this.#appendAll(options, targets, refusals, done)
      },
    )
  }
}
