// AlterUserScramCredentials sets and removes SCRAM credentials (KIP-554).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bytes, int16, int32, int8, nullable, string } from '../../codec/language.ts'

export const AlterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  request: {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullable(string),
    }),
  },
})

export type AlterUserScramCredentialsRequest = Request<typeof AlterUserScramCredentials>
export type AlterUserScramCredentialsResponse = Response<typeof AlterUserScramCredentials>
