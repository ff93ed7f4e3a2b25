#!/usr/bin/env node
require('./launch.cjs')('delete-records')
