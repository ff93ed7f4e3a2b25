// What other folders need to know of declarations, without knowing how they are made into codecs.

export { CodecError } from '../codec/codec-error.ts'
export type {
  AnyApi,
  Api,
  Decoded,
  Input,
  Message,
  Request,
  RequestInput,
  Response,
  ResponseInput,
} from '../codec/api.ts'
