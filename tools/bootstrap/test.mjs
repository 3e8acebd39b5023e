// `npm test`: everything, on real Kafka and PostgreSQL that it starts itself.
import { ensureDependencies } from './prepare.mjs';
import { jestBesideEachOther, quickSteps, report, step } from './steps.mjs';

await ensureDependencies();
await quickSteps();
await step('integration tests (real Kafka and PostgreSQL)', () =>
  jestBesideEachOther('int', ['--maxWorkers=2']),
);
await step('end-to-end tests (the whole system)', () =>
  jestBesideEachOther('e2e', ['--maxWorkers=2']),
);
report();
