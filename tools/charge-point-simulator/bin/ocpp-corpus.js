#!/usr/bin/env node
'use strict';

// npx finds this file; the program itself is built from TypeScript.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const program = join(__dirname, '..', 'dist', 'corpus', 'main.js');
if (existsSync(program)) {
  require(program);
} else {
  console.error('ocpp-corpus is not built yet; run: npm run build');
  process.exitCode = 3;
}
