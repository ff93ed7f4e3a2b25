// Why compressed bytes were refused.

export type DecompressionProblem =
  /** Not this codec's format, or a checksum in it is wrong. */
  | 'malformed'
  /** Well-formed so far, but the end is missing. */
  | 'truncated'
  /** More output than the caller allows. */
  | 'too-large'
  /** Codec bits that mean nothing. */
  | 'unknown-codec'

export class DecompressionError extends Error {
  readonly problem: DecompressionProblem
  /** Its name, or the number of one that does not exist. */
  readonly codec: string

  constructor(problem: DecompressionProblem, codec: string, options?: ErrorOptions) {
    super(`Compressed records cannot be read (${codec}): ${problem}`, options)
    this.name = 'DecompressionError'
    this.problem = problem
    this.codec = codec
  }
}
