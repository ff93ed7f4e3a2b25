#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=131072 node --initial-old-space-size=400 --max-semi-space-size=16
require('./launch.cjs')('start')
