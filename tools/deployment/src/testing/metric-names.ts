import { parser } from '@prometheus-io/lezer-promql';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { deployedServices } from '../services';
import { readText, sourcesOf } from './workspace';

const registration = /new (Counter|Gauge|Histogram)(?:<[^>]*>)?\(\{\s*name: '([a-z0-9_]+)'/g;

/** Names under which a registered metric can be asked for. */
const seriesOf = (kind: string, name: string): string[] =>
  kind === 'Histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];

/** Metrics that the code registers, found in its text. */
export const registeredSeries = (): ReadonlySet<string> => {
  const projects = [
    'libs/service-kit',
    'libs/event-log',
    ...deployedServices.map(({ name }) => `services/${name}`),
  ];
  return new Set(
    projects
      .flatMap(sourcesOf)
      .flatMap((file) => [...readText(file).matchAll(registration)])
      .flatMap((match) => seriesOf(match[1] ?? '', match[2] ?? '')),
  );
};

/** Metrics that every Node process has through prom-client. */
export const processSeries = (): ReadonlySet<string> => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return new Set(registry.getMetricsAsArray().map(({ name }) => name));
};

/** The metrics a PromQL expression asks for. */
export const seriesAskedFor = (expression: string): string[] => {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === 'Identifier') names.push(text);
    },
  });
  return names;
};
