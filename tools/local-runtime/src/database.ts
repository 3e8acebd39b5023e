import { Client } from 'pg';

/** The URL of a database on the same server. */
export const databaseUrl = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.toString();
};

/** Creates a database if it does not exist, and returns its URL. */
export const createDatabase = async (serverUrl: string, name: string): Promise<string> => {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw new Error(`'${name}' is no database name: use a-z, 0-9 and '_', at most 63.`);
  }
  const { pathname } = new URL(serverUrl);
  const connectionString =
    pathname === '' || pathname === '/' ? databaseUrl(serverUrl, 'postgres') : serverUrl;
  const client = new Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`CREATE DATABASE "${name}"`);
  } catch (error) {
    // 42P04: it exists; 23505: somebody creates it at this moment.
    const { code } = error as { code?: string };
    if (code !== '42P04' && code !== '23505') throw error;
  } finally {
    await client.end();
  }
  return databaseUrl(serverUrl, name);
};
