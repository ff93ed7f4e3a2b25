// Follows /brokers/topics and /admin/delete_topics: new topics, new partitions, topics to delete.
import { deleteTopicPath, DELETE_TOPICS, TOPICS, topicPath } from '../metadata/znode-paths.ts'
import { decodeTopic, encodeTopic } from '../metadata/znodes.ts'
import type { TopicNode } from '../metadata/znodes.ts'
import { randomUuid } from '../wire/uuid.ts'
import { Partition, Topic } from './context.ts'
import type { Machine } from './machine.ts'
import type { Term } from './term.ts'

export class TopicChanges {
  readonly #machine: Machine
  readonly #term: Term
  readonly #randomBytes: (count: number) => Buffer

  constructor(machine: Machine, randomBytes: (count: number) => Buffer) {
    this.#machine = machine
    this.#term = machine.term
    this.#randomBytes = randomBytes
  }

  /** Reads all topics at the start of a term. */
  async load(): Promise<void> {
    await this.#read(await this.#term.store.children(TOPICS, true))
  }

  /** The list of topics has changed. */
  async onListChange(): Promise<void> {
    const { context } = this.#term
    const names = new Set(await this.#term.store.children(TOPICS, true))
    for (const topic of context.topics.values()) {
      if (!names.has(topic.name)) this.#machine.forget(topic)
    }
    const added = await this.#read([...names].filter((name) => !context.topics.has(name)))
    await this.#machine.startPartitions(added.flatMap((topic) => [...topic.partitions.values()]))
  }

  /** A topic's znode has been written: it may have more partitions. */
  async onTopicChange(name: string): Promise<void> {
    const { context, store, logger } = this.#term
    const read = await store.read(topicPath(name), true)
    const node = decodeTopic(read?.data ?? null)
    const topic = context.topics.get(name)
    if (topic === undefined || node === undefined) return
    const fresh = [...node.partitions].filter(([index]) => !topic.partitions.has(index))
    if (fresh.length === 0) return
    if (context.isBeingDeleted(name)) {
      logger.warn(`Topic ${name} is being deleted: its new partitions are ignored`)
      await this.#restore(topic)
      return
    }
    const partitions = fresh.map(([index, it]) => new Partition(topic, index, it))
    for (const partition of partitions) topic.partitions.set(partition.index, partition)
    await this.#machine.startPartitions(partitions)
  }

  /** Topics are to be deleted. */
  async onDeletionRequests(): Promise<void> {
    const { context, store, logger } = this.#term
    const names = await store.children(DELETE_TOPICS, true)
    const fresh = names.filter((name) => !context.isBeingDeleted(name))
    const unknown = fresh.filter((name) => !context.topics.has(name))
    const known = fresh.filter((name) => context.topics.has(name))
    if (!this.#term.settings.deleteTopicEnable) {
      await store.delete(fresh.map(deleteTopicPath))
      return
    }
    if (unknown.length > 0) {
      logger.warn(`Topics to delete that do not exist: ${unknown.join(', ')}`)
      await store.delete(unknown.map(deleteTopicPath))
    }
    if (known.length === 0) return
    await this.#machine.deletion.enqueue(known)
  }

  /** Notes pending deletions at the start of a term, before any state machine runs. */
  async loadDeletions(): Promise<void> {
    const { context, store } = this.#term
    const names = await store.children(DELETE_TOPICS, true)
    if (!this.#term.settings.deleteTopicEnable) {
      await store.delete(names.map(deleteTopicPath))
      return
    }
    const unknown = names.filter((name) => !context.topics.has(name))
    await store.delete(unknown.map(deleteTopicPath))
    for (const name of names) {
      const topic = context.topics.get(name)
      if (topic === undefined) continue
      context.markForDeletion(name)
      const replicas = context.replicasOf(topic.partitions.values())
      const isAnyOffline = replicas.some(
        (it) => !context.isReplicaOnline(it.brokerId, it.partition),
      )
      if (isAnyOffline) context.ineligible.add(name)
    }
  }

  async #restore(topic: Topic): Promise<void> {
    const partitions = [...topic.partitions].map(([index, it]) => [index, it.assignment] as const)
    const data = encodeTopic({ id: topic.id, partitions: new Map(partitions) })
    await this.#term.store.set(topicPath(topic.name), data, -1)
  }

  // Topics with watches, put into the context; those without an id get one.
  async #read(names: readonly string[]): Promise<Topic[]> {
    const nodes = await this.#term.store.readAll(names.map(topicPath), true)
    const topics: Topic[] = []
    const withoutId: [string, TopicNode][] = []
    for (const [index, name] of names.entries()) {
      let node = decodeTopic(nodes[index]?.data ?? null)
      if (node === undefined) {
        this.#term.logger.error(`The assignment of topic ${name} is illegible`)
        continue
      }
      if (node.id === undefined) {
        node = { ...node, id: randomUuid(this.#randomBytes) }
        withoutId.push([name, node])
      }
      topics.push(this.#add(name, node))
    }
    await this.#term.store.write(
      withoutId.map(([name, node]) => [
        { kind: 'set', path: topicPath(name), data: encodeTopic(node), version: -1 },
      ]),
    )
    return topics
  }

  #add(name: string, node: TopicNode): Topic {
    const topic = new Topic(name, node.id)
    for (const [index, assignment] of node.partitions) {
      const partition = new Partition(topic, index, assignment)
      topic.partitions.set(index, partition)
      if (partition.isReassigning) this.#term.context.reassigning.add(partition)
    }
    this.#term.context.addTopic(topic)
    return topic
  }
}
