#!/usr/bin/env node
require('./launch.cjs')('console-consumer')
