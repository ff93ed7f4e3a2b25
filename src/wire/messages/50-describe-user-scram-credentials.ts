// DescribeUserScramCredentials tells who has which SCRAM mechanism, never the secret (KIP-554).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int8, nullable, string } from '../../codec/language.ts'

export const DescribeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  request: {
    users: nullable(
      array({
        name: string,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullable(string),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
})

export type DescribeUserScramCredentialsRequest = Request<typeof DescribeUserScramCredentials>
export type DescribeUserScramCredentialsResponse = Response<typeof DescribeUserScramCredentials>
