import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const workspace = resolve(__dirname, '..', '..', '..', '..');

export const readText = (file: string): string => readFileSync(join(workspace, file), 'utf8');

/** Every document of a YAML file; a fault in one is an error that names the file. */
export const readYaml = (file: string): unknown[] =>
  parseAllDocuments(readText(file)).map((document) => {
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) throw new Error(`${file}: ${fault.message}`);
    return document.toJS() as unknown;
  });

/** A YAML file of one document, with `<<` resolved as compose does. */
export const readMerged = (file: string): unknown => parse(readText(file), { merge: true });

/** Files below a folder, by a pattern on their path. */
export const filesBelow = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(workspace, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => !/(^|\/)(node_modules|dist|out-tsc)\//.test(file))
    .map((file) => `${folder}/${file}`)
    .filter((file) => pattern.test(file))
    .sort();

/** What of a project is compiled into it: neither specs nor what only they use. */
export const sourcesOf = (project: string): string[] =>
  filesBelow(`${project}/src`, /\.ts$/).filter(
    (file) => !file.endsWith('.spec.ts') && !file.includes('/testing/') && !file.includes('/gen/'),
  );
