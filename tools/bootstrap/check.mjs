// `npm run check`: the quick half of the tests, without servers.
import { ensureDependencies } from './prepare.mjs';
import { quickSteps, report } from './steps.mjs';

await ensureDependencies();
await quickSteps();
report();
