// DescribeConfigs tells the settings of topics, brokers and loggers, and where each value comes
// from.
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

export const DescribeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [0, 4],
  flexible: 4,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)),
    }),
    includeSynonyms: since(1, withDefault(bool, false)),
    includeDocumentation: since(3, withDefault(bool, false)),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string),
        readOnly: bool,
        isDefault: until(0, bool),
        configSource: since(1, withDefault(int8, -1)),
        isSensitive: bool,
        synonyms: since(
          1,
          array({
            name: string,
            value: nullable(string),
            source: int8,
          }),
        ),
        configType: since(3, withDefault(int8, 0)),
        documentation: since(3, nullable(string)),
      }),
    }),
  },
})

export type DescribeConfigsRequest = Request<typeof DescribeConfigs>
export type DescribeConfigsResponse = Response<typeof DescribeConfigs>
