#!/usr/bin/env node
require('./launch.cjs')('broker-api-versions')
