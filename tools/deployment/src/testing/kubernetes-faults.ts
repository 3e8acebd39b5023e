import { join } from 'node:path';
import ts from 'typescript';
import type { Resource } from './kustomization';
import { workspace } from './workspace';

// The compiler as schema validator: each resource becomes a literal of the type that the published
// typings of Kubernetes (or custom-resources.ts) give its kind, so a field nobody knows, one that is
// missing and one of another type are errors.

const modules: Readonly<Record<string, string>> = {
  v1: 'kubernetes-types/core/v1',
  'apps/v1': 'kubernetes-types/apps/v1',
  'policy/v1': 'kubernetes-types/policy/v1',
  'networking.k8s.io/v1': 'kubernetes-types/networking/v1',
  'kafka.strimzi.io/v1': './custom-resources',
  'postgresql.cnpg.io/v1': './custom-resources',
  'keda.sh/v1alpha1': './custom-resources',
  'monitoring.coreos.com/v1': './custom-resources',
};

const virtualFile = join(workspace, 'tools/deployment/src/testing/resources.ts');
const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es5.d.ts'],
  module: ts.ModuleKind.Node20,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  types: [],
  skipLibCheck: true,
};

/** What is wrong with the resources, each with the resource it is in. */
export const kubernetesFaults = (resources: readonly Resource[]): string[] => {
  const kinds = new Map(
    resources.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, apiVersion]),
  );
  const names = new Map([...kinds.keys()].map((key, at) => [key, `Kind${at}`]));
  const imports = [...kinds].map(([key, apiVersion]) => {
    const from = modules[apiVersion];
    if (from === undefined) throw new Error(`no typings are known for ${key}`);
    return `import type { ${key.split(' ')[1]} as ${names.get(key)} } from '${from}';`;
  });
  const lines = resources.map(
    (resource, at) =>
      `const r${at}: ${names.get(`${resource.apiVersion} ${resource.kind}`)} = ${JSON.stringify(resource)};`,
  );
  const text = [...imports, ...lines, 'export {};'].join('\n');

  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  const exists = host.fileExists.bind(host);
  host.fileExists = (file) => file === virtualFile || exists(file);
  host.getSourceFile = (file, version, ...rest) =>
    file === virtualFile
      ? ts.createSourceFile(file, text, version, true)
      : getSourceFile(file, version, ...rest);
  const program = ts.createProgram([virtualFile], options, host);
  const source = program.getSourceFile(virtualFile);
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ start, messageText }) => {
    const line = source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    const resource = resources[line - imports.length];
    const place = resource === undefined ? 'imports' : `${resource.kind} ${resource.metadata.name}`;
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
};
