// ApiVersions is how a client learns what a broker speaks. It is answered in version 0 when its own
// version is not known (KIP-511).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  since,
  string,
  tagged,
  withDefault,
} from '../../codec/language.ts'

export const ApiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexible: 3,
  request: {
    clientSoftwareName: since(3, string),
    clientSoftwareVersion: since(3, string),
  },
  response: {
    errorCode: int16,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: since(1, int32),
    supportedFeatures: tagged(
      0,
      since(
        3,
        array({
          name: string,
          minVersion: int16,
          maxVersion: int16,
        }),
      ),
    ),
    finalizedFeaturesEpoch: tagged(1, since(3, withDefault(int64, -1))),
    finalizedFeatures: tagged(
      2,
      since(
        3,
        array({
          name: string,
          maxVersionLevel: int16,
          minVersionLevel: int16,
        }),
      ),
    ),
    zkMigrationReady: tagged(3, since(3, withDefault(bool, false))),
  },
})

export type ApiVersionsRequest = Request<typeof ApiVersions>
export type ApiVersionsResponse = Response<typeof ApiVersions>
