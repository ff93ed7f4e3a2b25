/** Whether `error` is an Error carrying Node's `code`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === code
}
