// Fetches the jars of the real Apache Kafka, of a ZooKeeper newer than the one in them, and of Curator
// (recipes for ZooKeeper), with Maven, for the suites that compare with them.
// `node scripts/kafka-jars.ts 3.9` prints the class path, or one word saying what is missing.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const DEPENDENCIES = {
  '3.9': [
    'org.apache.kafka:kafka_2.13:3.9.1',
    'org.apache.kafka:kafka-tools:3.9.1',
    'org.slf4j:slf4j-reload4j:1.7.36',
  ],
  '4.1': [
    'org.apache.kafka:kafka_2.13:4.1.0',
    'org.apache.kafka:kafka-tools:4.1.0',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  'zookeeper-3.9': [
    'org.apache.zookeeper:zookeeper:3.9.3',
    'io.dropwizard.metrics:metrics-core:4.1.12.1',
    'org.xerial.snappy:snappy-java:1.1.10.5',
    'org.slf4j:slf4j-reload4j:1.7.36',
  ],
  curator: ['org.apache.curator:curator-recipes:5.5.0', 'org.slf4j:slf4j-simple:1.7.36'],
} as const
export type JarSet = keyof typeof DEPENDENCIES
export type KafkaVersion = Exclude<JarSet, 'curator' | 'zookeeper-3.9'>

/** The class path, or what is missing: `java`, `maven` or `jars`. */
export type KafkaJars =
  | { readonly classPath: string; readonly missing?: undefined }
  | { readonly classPath?: undefined; readonly missing: 'java' | 'maven' | 'jars' }

const MAVEN_TIMEOUT_MS = 600_000

/** Fetches on first use, into the user's cache. */
export function kafkaJars(version: JarSet): KafkaJars {
  if (!runs('java', ['-version'])) return { missing: 'java' }
  const directory = join(cacheDirectory(), version)
  const libs = join(directory, 'libs')
  const complete = join(libs, '.complete')
  if (!existsSync(complete)) {
    if (!runs('mvn', ['--version'])) return { missing: 'maven' }
    mkdirSync(libs, { recursive: true })
    const pom = join(directory, 'pom.xml')
    writeFileSync(pom, pomOf(version))
    const copy = [
      'dependency:copy-dependencies',
      `-DoutputDirectory=${libs}`,
      '-DincludeScope=runtime',
    ]
    if (!runs('mvn', ['-q', '-B', '-f', pom, ...copy])) return { missing: 'jars' }
    writeFileSync(complete, '')
  }
  return { classPath: `${libs}/*` }
}

function cacheDirectory(): string {
  return process.env['OTTLA_KAFKA_CACHE'] ?? join(homedir(), '.cache', 'ottla-kafka')
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: MAVEN_TIMEOUT_MS })
    return true
  } catch {
    return false
  }
}

function pomOf(version: JarSet): string {
  const dependencies = DEPENDENCIES[version].map((coordinates) => {
    const [group, artifact, of] = coordinates.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
    ${dependencies.join('\n    ')}
  </dependencies>
</project>
`
}

if (process.argv[1] === import.meta.filename) {
  const version = process.argv[2] === '4.1' ? '4.1' : '3.9'
  const { classPath, missing } = kafkaJars(version)
  console.log(classPath ?? `missing: ${missing}`)
  process.exitCode = missing === undefined ? 0 : 1
}
