// Random walks of the controller. `SEEDS=100-200` walks others.
import { test } from 'node:test'
import { ControllerWalk } from './controller-walk.ts'

const [first = 1, last = 25] = (process.env['SEEDS'] ?? '1-25').split('-').map(Number)

for (let seed = first; seed <= last; seed += 1) {
  test(`controller: random walk ${seed}`, async () => {
    await ControllerWalk.run(seed)
  })
}
