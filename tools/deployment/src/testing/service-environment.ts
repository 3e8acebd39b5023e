import { kafkaVariables } from '@tallywatt/event-log';
import ts from 'typescript';
import { readText, sourcesOf } from './workspace';

/** Variables a service reads: name, and whether it starts without it. */
export type Variables = ReadonlyMap<string, { required: boolean }>;

const variableName = /^[A-Z][A-Z0-9_]*$/;
const hasFallback = /\.(default|prefault|optional)\(/;

/** Variables in the zod shapes of a source file. A schema may be a constant of the same file. */
const declaredIn = (file: string): [string, { required: boolean }][] => {
  const source = ts.createSourceFile(file, readText(file), ts.ScriptTarget.ES2022, true);
  const constants = new Map<string, string>();
  const found: [string, { required: boolean }][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer.getText(source));
    }
    if (
      ts.isPropertyAssignment(node) &&
      variableName.test(node.name.getText(source)) &&
      ts.isCallExpression(node.parent.parent) &&
      node.parent.parent.expression.getText(source).endsWith('.object')
    ) {
      const text = node.initializer.getText(source);
      const meant = ts.isIdentifier(node.initializer) ? (constants.get(text) ?? text) : text;
      found.push([node.name.getText(source), { required: !hasFallback.test(meant) }]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

const readDirectly = (file: string): string[] =>
  [...readText(file).matchAll(/process\.env\['([A-Z_]+)'\]/g)].map((match) => match[1] ?? '');

/** Everything that a service's process reads from its environment, its libraries included. */
export const variablesOf = (service: string): Variables => {
  const libraries = ['libs/service-kit', 'libs/event-log'].flatMap(sourcesOf);
  const files = [...libraries, ...sourcesOf(`services/${service}`)];
  const optional = [
    ...files.flatMap(readDirectly),
    `${service.toUpperCase().replaceAll('-', '_')}_PORT`,
    'TZ',
  ];
  return new Map([
    ...optional.map((name) => [name, { required: false }] as const),
    ...kafkaVariables.map((name) => [name, { required: name === 'KAFKA_BROKERS' }] as const),
    ...files.flatMap(declaredIn),
  ]);
};

/** Read by the OpenTelemetry SDK itself, by names that its specification fixes. */
export const isTelemetryVariable = (name: string): boolean =>
  /^OTEL_(SERVICE_NAME|EXPORTER_OTLP_(ENDPOINT|PROTOCOL))$/.test(name);
