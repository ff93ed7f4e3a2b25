// SASL of listeners. Most may be set for one listener and mechanism.
import { classOf, double, int, list, long, password, short, string } from '../setting.ts'

export const saslSettings = {
  'sasl.enabled.mechanisms': list({
    default: 'GSSAPI',
    update: 'per-broker',
    doc: 'Mechanisms that clients may use.',
  }),
  'sasl.mechanism.inter.broker.protocol': string({
    default: 'GSSAPI',
    update: 'per-broker',
    doc: 'Mechanism between brokers.',
  }),
  'sasl.mechanism.controller.protocol': string({
    default: 'GSSAPI',
    importance: 'high',
    doc: 'Mechanism between controllers; KRaft only.',
  }),
  'sasl.jaas.config': password({
    default: null,
    update: 'per-broker',
    doc: 'Login module, its user and password, for this listener and mechanism.',
  }),
  'sasl.server.max.receive.size': int({
    default: 524_288,
    doc: 'Largest SASL message before authentication.',
  }),
  'sasl.server.callback.handler.class': classOf({
    default: null,
    doc: 'Java class that checks credentials; no effect here.',
  }),
  'sasl.client.callback.handler.class': classOf({
    default: null,
    doc: 'Java class that supplies credentials to other brokers; no effect here.',
  }),
  'sasl.login.callback.handler.class': classOf({
    default: null,
    doc: 'Java class that supplies the login; no effect here.',
  }),
  'sasl.login.class': classOf({ default: null, doc: 'Java class of the login; no effect here.' }),
  'sasl.login.connect.timeout.ms': int({
    default: null,
    importance: 'low',
    doc: 'How long connecting to the provider of tokens may take.',
  }),
  'sasl.login.read.timeout.ms': int({
    default: null,
    importance: 'low',
    doc: 'How long the provider of tokens may take to answer.',
  }),
  'sasl.login.retry.backoff.ms': long({
    default: 100,
    importance: 'low',
    doc: 'First pause after the provider of tokens failed.',
  }),
  'sasl.login.retry.backoff.max.ms': long({
    default: 10_000,
    importance: 'low',
    doc: 'Longest pause after the provider of tokens failed.',
  }),
  'sasl.login.refresh.window.factor': double({
    default: 0.8,
    update: 'per-broker',
    doc: "Share of a token's life after which a new one is fetched.",
  }),
  'sasl.login.refresh.window.jitter': double({
    default: 0.05,
    update: 'per-broker',
    doc: 'Random part of that share.',
  }),
  'sasl.login.refresh.min.period.seconds': short({
    default: 60,
    update: 'per-broker',
    doc: 'Time that a token is used at least before a new one is fetched.',
  }),
  'sasl.login.refresh.buffer.seconds': short({
    default: 300,
    update: 'per-broker',
    doc: 'Time before its end that a new token is fetched at the latest.',
  }),
  'sasl.kerberos.service.name': string({
    default: null,
    update: 'per-broker',
    doc: 'Name of the Kerberos service.',
  }),
  'sasl.kerberos.kinit.cmd': string({
    default: '/usr/bin/kinit',
    update: 'per-broker',
    doc: 'Path of kinit.',
  }),
  'sasl.kerberos.min.time.before.relogin': long({
    default: 60_000,
    update: 'per-broker',
    doc: 'Pause between two logins with Kerberos.',
  }),
  'sasl.kerberos.ticket.renew.window.factor': double({
    default: 0.8,
    update: 'per-broker',
    doc: "Share of a ticket's life after which it is renewed.",
  }),
  'sasl.kerberos.ticket.renew.jitter': double({
    default: 0.05,
    update: 'per-broker',
    doc: 'Random part of that share.',
  }),
  'sasl.kerberos.principal.to.local.rules': list({
    default: 'DEFAULT',
    update: 'per-broker',
    doc: 'Rules that turn a Kerberos name into that of a user.',
  }),
  'sasl.oauthbearer.token.endpoint.url': string({
    default: null,
    doc: 'Where tokens are fetched.',
  }),
  'sasl.oauthbearer.jwks.endpoint.url': string({
    default: null,
    doc: 'Where the keys that check tokens are fetched, or a file.',
  }),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': long({
    default: 3_600_000,
    importance: 'low',
    doc: 'How often those keys are fetched again.',
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': long({
    default: 100,
    importance: 'low',
    doc: 'First pause after fetching the keys failed.',
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': long({
    default: 10_000,
    importance: 'low',
    doc: 'Longest pause after fetching the keys failed.',
  }),
  'sasl.oauthbearer.expected.audience': list({
    default: null,
    importance: 'low',
    doc: 'Audiences that a token must name one of.',
  }),
  'sasl.oauthbearer.expected.issuer': string({
    default: null,
    importance: 'low',
    doc: 'Issuer that a token must name.',
  }),
  'sasl.oauthbearer.scope.claim.name': string({
    default: 'scope',
    importance: 'low',
    doc: 'Claim of a token that lists its scopes.',
  }),
  'sasl.oauthbearer.sub.claim.name': string({
    default: 'sub',
    importance: 'low',
    doc: 'Claim of a token that names its user.',
  }),
  'sasl.oauthbearer.clock.skew.seconds': int({
    default: 30,
    importance: 'low',
    doc: 'By how much clocks may differ when a token is checked.',
  }),
}
