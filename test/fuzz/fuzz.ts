// node test/fuzz/fuzz.ts --seconds=N --seed=N: damages messages for N seconds. A failure prints the
// message, its version and the seed that repeats it.
import { parseArgs } from 'node:util'

import { fuzzOnce, subjects } from './codec-fuzz.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
})

const all = subjects()
const endMs = performance.now() + Number(values.seconds) * 1000
let seed = Number(values.seed)
let runs = 0
while (performance.now() < endMs) {
  for (const subject of all) {
    try {
      fuzzOnce(subject, seed)
    } catch (error) {
      console.error(`${subject.name} v${subject.version}, seed ${seed}`)
      throw error
    }
    runs++
  }
  seed++
}
console.log(`${runs} damaged messages, seeds ${values.seed} to ${seed - 1}: nothing but CodecError`)
