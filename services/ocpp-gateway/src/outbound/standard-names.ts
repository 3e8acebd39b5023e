import { readFileSync } from 'node:fs';

const files = ['ocpp-rpc/lib/schemas/ocpp1_6.json', 'ocpp-rpc/lib/schemas/ocpp2_0_1.json'];

const addNames = (schema: unknown, names: Set<string>): void => {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties } = schema as { properties?: object };
  for (const name of Object.keys(properties ?? {})) names.add(name.toLowerCase());
  for (const part of Object.values(schema)) addNames(part, names);
};

let names: Set<string> | undefined;

/** Whether a message of OCPP 1.6 or 2.0.1 has a field of this name, in small letters. */
export const isStandardName = (name: string): boolean => {
  if (names === undefined) {
    names = new Set();
    for (const file of files) {
      addNames(JSON.parse(readFileSync(require.resolve(file), 'utf8')), names);
    }
  }
  return names.has(name);
};
