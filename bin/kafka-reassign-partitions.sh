#!/usr/bin/env node
require('./launch.cjs')('reassign-partitions')
