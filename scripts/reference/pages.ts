// The pages of docs/reference/, by file name.
import { commandsPage } from './commands.ts'
import { errorsPage } from './errors.ts'
import { metricsPage } from './metrics.ts'
import { protocolPage } from './protocol.ts'
import { settingsPage } from './settings.ts'

export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['protocol.md', protocolPage()],
    ['settings.md', settingsPage()],
    ['errors.md', errorsPage()],
    ['commands.md', await commandsPage()],
    ['metrics.md', await metricsPage()],
  ])
}
