// Settings of Apache ZooKeeper that this server reads past, and those that it must not.

/** They mean nothing to a server that stands alone, Apache's or this one. */
export const NOT_ALONE: ReadonlySet<string> = new Set([
  'initLimit',
  'syncLimit',
  'connectToLearnerMasterLimit',
  'standaloneEnabled',
  'reconfigEnabled',
  'quorumListenOnAllIPs',
  'electionAlg',
  'cnxTimeout',
  'leaderServes',
  'localSessionsEnabled',
  'localSessionsUpgradingEnabled',
  'sslQuorum',
  'portUnification',
  'ssl.authProvider',
  // Known by the contents of the file.
  'ssl.keyStore.type',
  'ssl.trustStore.type',
  // Of the names of servers: a client checks them, and servers among each other.
  'ssl.hostnameVerification',
  'ssl.clientHostnameVerification',
  'admin.idleTimeout',
  'jaasLoginRenew',
  'requireClientAuthScheme',
])

/** They change something in Apache ZooKeeper that is otherwise here; a start says so. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'serverCnxnFactory',
  'metricsProvider.className',
  'metricsProvider.httpPort',
  'metricsProvider.exportJvmInfo',
  'fsync.warningthresholdms',
  'request_throttle_max_requests',
  'request_throttle_stall_time',
  'request_throttle_drop_stale',
  'throttled_op_wait_time',
  'large_request_max_bytes',
  'large_request_threshold',
  'connection_throttle_freeze_time',
  'connection_throttle_drop_increase',
  'connection_throttle_drop_decrease',
  'connection_throttle_decrease_ratio',
  'connection_throttle_weight_enabled',
  'maxResponseCacheSize',
  'maxGetChildrenResponseCacheSize',
  'nio.numSelectorThreads',
  'nio.numWorkerThreads',
  'nio.directBufferBytes',
  'nio.sessionlessCnxnTimeout',
  'commitProcessor.numWorkerThreads',
  'digest.enabled',
  'serializeLastProcessedZxid.enabled',
  'snapsizelimitInKb',
  'txnLogSizeLimitInKb',
  'snapshot.compression.method',
  'flushDelay',
  'maxWriteQueuePollTime',
  'maxBatchSize',
  'znode.container.maxPerMinute',
  'znode.container.maxNeverUsedIntervalMs',
  'skipACL',
  'jute.maxbuffer.extrasize',
  'tcpKeepAlive',
])

/** They ask for a protection that is not there: whoever set them relies on it. */
export const REFUSED: ReadonlyMap<string, { readonly unless: string; readonly reason: string }> =
  new Map([
    [
      'client.portUnification',
      { unless: 'false', reason: 'name a secureClientPort beside the clientPort instead' },
    ],
    ['ssl.crl', { unless: 'false', reason: 'whether a certificate was revoked is not looked up' }],
    ['ssl.ocsp', { unless: 'false', reason: 'whether a certificate was revoked is not looked up' }],
    ['audit.enable', { unless: 'false', reason: 'there is no audit log' }],
    [
      'DigestAuthenticationProvider.digestAlg',
      { unless: 'SHA1', reason: 'digests are made with SHA1 alone' },
    ],
    ['peerType', { unless: 'participant', reason: 'this server stands alone and observes nobody' }],
  ])
