import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the clone: the nearest folder above this file that holds nx.json. */
export const workspaceDirectory = (): string => {
  let directory = __dirname;
  while (!existsSync(join(directory, 'nx.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`No nx.json in any folder above ${__dirname}.`);
    directory = parent;
  }
  return directory;
};
