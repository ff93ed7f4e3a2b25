// UpdateFeatures sets the finalized levels of features (KIP-584).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullable,
  since,
  string,
  until,
  withDefault,
} from '../../codec/language.ts'

export const UpdateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 1],
  flexible: 0,
  request: {
    timeoutMs: withDefault(int32, 60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: until(0, bool),
      upgradeType: since(1, withDefault(int8, 1)),
    }),
    validateOnly: since(1, withDefault(bool, false)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: nullable(string),
    }),
  },
})

export type UpdateFeaturesRequest = Request<typeof UpdateFeatures>
export type UpdateFeaturesResponse = Response<typeof UpdateFeatures>
