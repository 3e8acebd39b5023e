// `npm run fault-bench`: sessions under faults, and a verdict to the cent.
import { join } from 'node:path';
import { build, ensureDependencies, run, workspace } from './prepare.mjs';

await ensureDependencies();
await build();
const main = join(workspace, 'tools', 'fault-bench', 'dist', 'main.js');
process.exit(await run(process.execPath, ['--enable-source-maps', main, ...process.argv.slice(2)]));
