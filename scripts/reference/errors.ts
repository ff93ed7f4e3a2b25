// Every error of the protocol.
import { errorTable } from '../../src/wire/error-table.ts'
import { page, table } from './table.ts'

export function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([name, [code, retriable, message]]) => [
    `${code}`,
    name,
    retriable ? 'yes' : '',
    message,
  ])
  const about = 'The codes of responses. A retriable one may go away when the client tries again.'
  return page('Errors', about, table(['Code', 'Error', 'Retriable', 'Message'], rows))
}
