import { allTopicDefinitions, topics } from '@tallywatt/contracts';
import { generatedFiles } from './generated-files';
import { kafkaTopics } from './kafka-resources';
import { deployedServices } from './services';
import { kubernetesFaults } from './testing/kubernetes-faults';
import { render, type Resource } from './testing/kustomization';
import { filesBelow, readText, readYaml, sourcesOf, workspace } from './testing/workspace';

const rendered = { base: render('k8s/base'), production: render('k8s/overlays/production') };
const overlays = Object.entries(rendered).map(([name, resources]) => ({ name, resources }));
const { production } = rendered;
const ofKind = (kind: string): Resource[] => production.filter((item) => item.kind === kind);
const named = (kind: string, name: string): Resource => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
const deployments = deployedServices.map(({ name }) => ({
  name,
  deployment: named('Deployment', name),
  pod: named('Deployment', name)['spec'].template.spec,
}));

describe('k8s/', () => {
  it.each(filesBelow('k8s', /\.ya?ml$/))('%s can be read', (file) => {
    expect(readYaml(file).length).toBeGreaterThan(0);
  });

  it.each(overlays)('$name: every field is one that its kind has', ({ resources }) => {
    expect(kubernetesFaults(resources)).toEqual([]);
  });

  it('notices a field that is misspelt, missing or of another type', () => {
    const service = named('Service', 'ledger');
    const faults = kubernetesFaults([
      { ...service, spec: { ...service['spec'], selectors: {} } },
      { ...named('PodDisruptionBudget', 'ledger'), spec: { maxUnavailable: true } },
      { ...named('Cluster', 'ledger-db'), spec: { instances: 3 } },
    ]);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'Service ledger',
      'PodDisruptionBudget ledger',
      'Cluster ledger-db',
    ]);
  });

  it.each(overlays)('$name: nothing is there twice', ({ resources }) => {
    const keys = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it.each([...generatedFiles(workspace)])('%s is what the code generates', (file, text) => {
    expect(readText(file)).toBe(text);
  });
});

describe('Kafka in Kubernetes', () => {
  it('has the topics of topics.ts, kept as long as they say, on three brokers', () => {
    const found = ofKind('KafkaTopic').map(({ metadata, spec }) => [
      metadata.name,
      spec.partitions,
      spec.config['retention.ms'],
    ]);
    expect(found).toEqual(
      allTopicDefinitions.map(({ name, partitions, retentionMs }) => [
        name,
        partitions,
        retentionMs,
      ]),
    );
    expect(kafkaTopics().every(({ spec }) => spec.replicas === 3)).toBe(true);
    const settings = named('Kafka', 'tallywatt')['spec'].kafka.config;
    expect(settings['min.insync.replicas']).toBe(2);
    expect(settings['auto.create.topics.enable']).toBe(false);
    expect(settings['unclean.leader.election.enable']).toBe(false);
  });

  it.each(deployedServices)('$name may read what its source names, and no more', (service) => {
    const text = sourcesOf(`services/${service.name}`).map(readText).join('\n');
    const mentioned = topics
      .filter(({ name, owner }) => owner !== service.name && text.includes(`'${name}'`))
      .map(({ name }) => name as string);
    expect([...service.reads].sort()).toEqual(mentioned.sort());
  });

  it('lets only the owner write to a topic', () => {
    const writers = (topic: string) =>
      ofKind('KafkaUser')
        .filter(({ spec }) =>
          (spec.authorization.acls as { resource: { name: string }; operations: string[] }[]).some(
            ({ resource, operations }) => resource.name === topic && operations.includes('Write'),
          ),
        )
        .map(({ metadata }) => metadata.name);
    for (const { name, owner } of topics) expect([name, writers(name)]).toEqual([name, [owner]]);
  });
});

describe.each(deployments)('the pods of $name', ({ name, deployment, pod }) => {
  const container = pod.containers[0];

  it('run without rights', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.serviceAccountName).toBe(named('ServiceAccount', name).metadata.name);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('are watched, limited, spread and given time to drain', () => {
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
    expect(container.resources.requests).toEqual({
      cpu: expect.any(String),
      memory: expect.any(String),
    });
    expect(container.resources.limits.memory).toEqual(expect.any(String));
    const drain = container.env.find((one: { name: string }) => one.name === 'OCPP_DRAIN_SECONDS');
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      container.lifecycle.preStop.sleep.seconds + Number(drain?.value ?? 0) + 25,
    );
    expect(pod.topologySpreadConstraints).toHaveLength(2);
    expect(named('PodDisruptionBudget', name)['spec'].selector).toEqual(
      deployment['spec'].selector,
    );
  });

  it("do not take Kubernetes' words for their own variables", () => {
    // A Service named ledger would otherwise set LEDGER_PORT=tcp://...
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('are found by their Service, at ports they have', () => {
    const { spec } = named('Service', name);
    expect(deployment['spec'].template.metadata.labels).toMatchObject(spec.selector);
    const ports = container.ports.map((port: { name: string }) => port.name);
    for (const port of spec.ports) expect(ports).toContain(port.targetPort);
    const { httpPort } = deployedServices.find((service) => service.name === name) ?? {};
    expect(container.ports).toContainEqual({ name: 'http', containerPort: httpPort });
  });

  it('have a database that loses nothing when a machine is lost', () => {
    const { spec } = named('Cluster', `${name}-db`);
    expect(spec.instances).toBe(3);
    expect(spec.postgresql.synchronous.dataDurability).toBe('required');
    expect(spec.bootstrap.initdb.database).toBe(name.replaceAll('-', '_'));
  });
});

describe('replicas', () => {
  it('of ledger are one, never two at a time', () => {
    expect(named('Deployment', 'ledger')['spec']).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
  });

  it('of the gateway are never fewer while it is updated, and their chargers leave in turn', () => {
    const { replicas, strategy, template } = named('Deployment', 'ocpp-gateway')['spec'];
    expect(replicas).toBeGreaterThan(1);
    expect(strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    const { env } = template.spec.containers[0];
    expect(env).toContainEqual({ name: 'OCPP_DRAIN_SECONDS', value: '20' });
    expect(named('PodDisruptionBudget', 'ocpp-gateway')['spec'].maxUnavailable).toBe(1);
  });

  it('follow the lag, up to the partitions, where a group is shared', () => {
    const scaled = ofKind('ScaledObject');
    expect(scaled.map(({ metadata }) => metadata.name).sort()).toEqual([
      'payment-capture',
      'pricing-engine',
      'reconciliation',
    ]);
    for (const { metadata, spec } of scaled) {
      const service = deployedServices.find(({ name }) => name === metadata.name);
      const partitions = topics
        .filter(({ name }) => service?.reads.includes(name))
        .map((topic) => topic.partitions);
      expect(spec.maxReplicaCount).toBe(Math.max(...partitions));
      expect(spec.triggers[0].metadata.query).toContain(`consumer="${metadata.name}"`);
      // Two who say how many there are would undo each other.
      expect(named('Deployment', spec.scaleTargetRef.name)['spec'].replicas).toBeUndefined();
    }
  });
});

describe('the network', () => {
  const policies = ofKind('NetworkPolicy');
  const labelsThatExist = [
    ...ofKind('Deployment').map(({ spec }) => spec.template.metadata.labels),
    ...ofKind('Cluster').map(({ metadata }) => ({ 'cnpg.io/cluster': metadata.name })),
    { 'strimzi.io/cluster': 'tallywatt', 'strimzi.io/kind': 'Kafka' },
    { 'k8s-app': 'kube-dns' },
  ] as Record<string, string>[];
  const selectorsIn = (value: unknown): Record<string, string>[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, inner]) =>
          key === 'podSelector'
            ? [(inner as { matchLabels?: Record<string, string> }).matchLabels ?? {}]
            : selectorsIn(inner),
        );

  it('is closed but for what is named', () => {
    expect(named('NetworkPolicy', 'default-deny')['spec']).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it.each(policies.map((policy) => ({ name: policy.metadata.name, policy })))(
    '$name selects pods that exist',
    ({ policy }) => {
      for (const selector of selectorsIn(policy['spec'])) {
        const matches = labelsThatExist.some((labels) =>
          Object.entries(selector).every(([key, value]) => labels[key] === value),
        );
        expect([selector, matches]).toEqual([selector, true]);
      }
    },
  );

  it('joins services at one edge: the gateway asks authorization', () => {
    const names = deployedServices.map(({ name }) => name);
    const edges = policies.flatMap(({ spec }) =>
      ((spec.egress ?? []) as { to?: unknown[] }[]).flatMap(({ to }) =>
        selectorsIn(to)
          .map((selector) => selector['app.kubernetes.io/name'] ?? '')
          .filter((name) => names.includes(name))
          .map((name) => [spec.podSelector.matchLabels['app.kubernetes.io/name'], name]),
      ),
    );
    expect(edges).toEqual([['ocpp-gateway', 'authorization']]);
  });
});
