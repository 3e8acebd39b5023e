import { Client } from 'pg';
import { type TestRuntime, testRuntime } from './index';

const databaseName = async (url: string): Promise<string> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ name: string }>('SELECT current_database() AS name')).rows[0]!
      .name;
  } finally {
    await client.end();
  }
};

describe('the runtime of a test run', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await testRuntime();
  });

  it('is the same for everybody', async () =>
    expect((await testRuntime()).kafkaBrokers).toBe(runtime.kafkaBrokers));

  it('gives each caller a database of its own', async () => {
    const [one, two] = await Promise.all([runtime.createDatabase(), runtime.createDatabase()]);
    const names = await Promise.all([databaseName(one), databaseName(two)]);
    expect(new Set(names).size).toBe(2);
  });
});
