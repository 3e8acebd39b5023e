import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kafkaTopics, kafkaUsers } from './kafka-resources';

/** The file Prometheus reads under compose; in Kubernetes its operator wants it as a resource. */
export const alertsFile = 'deploy/prometheus/alerts.yaml';

const prometheusRule = (alerts: string) => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'tallywatt', labels: { 'app.kubernetes.io/part-of': 'tallywatt' } },
  spec: parse(alerts) as unknown,
});

const yamlOf = (source: string, documents: readonly unknown[]): string =>
  `# Generated from ${source} by \`npm run gen:k8s\`; edit that one.\n${documents
    .map((document) =>
      stringify(document, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false }),
    )
    .join('---\n')}`;

/** Every generated file of k8s/ with its text, by its path in the workspace. */
export const generatedFiles = (workspace: string): ReadonlyMap<string, string> =>
  new Map([
    ['k8s/base/kafka/topics.yaml', yamlOf('libs/contracts/src/topics.ts', kafkaTopics())],
    [
      'k8s/base/kafka/users.yaml',
      yamlOf('libs/contracts/src/topics.ts and tools/deployment/src/services.ts', kafkaUsers()),
    ],
    [
      'k8s/base/monitoring/alerts.yaml',
      yamlOf(alertsFile, [prometheusRule(readFileSync(join(workspace, alertsFile), 'utf8'))]),
    ],
  ]);
