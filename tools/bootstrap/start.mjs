// `npm start`: from a fresh clone to sessions visibly billed.
import { join } from 'node:path';
import { build, ensureDependencies, run, workspace } from './prepare.mjs';

await ensureDependencies();
await build();
const main = join(workspace, 'tools', 'demonstration', 'dist', 'main.js');
process.exit(await run(process.execPath, ['--enable-source-maps', main, ...process.argv.slice(2)]));
