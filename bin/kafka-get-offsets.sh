#!/usr/bin/env node
require('./launch.cjs')('get-offsets')
