#!/usr/bin/env -S node --initial-old-space-size=400
require('./launch.cjs')()
