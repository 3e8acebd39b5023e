import { kafkaVariables } from '@tallywatt/event-log';
import { deployedServices } from './services';
import { render, type Resource } from './testing/kustomization';
import { isTelemetryVariable, variablesOf } from './testing/service-environment';
import { readMerged, readText } from './testing/workspace';

type ComposeService = { environment?: Record<string, string>; image: string };
const compose = readMerged('deploy/compose.yaml') as { services: Record<string, ComposeService> };
const production = render('k8s/overlays/production');

type EnvironmentEntry = {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
};
const find = (kind: string, name: string): Resource | undefined =>
  production.find((item) => item.kind === kind && item.metadata.name === name);
const podOf = (service: string) => find('Deployment', service)?.['spec'].template.spec;
const entriesOf = (service: string): EnvironmentEntry[] => podOf(service).containers[0].env;

type Volume = {
  name: string;
  secret?: { secretName: string; items?: { key: string }[]; optional?: boolean };
  projected?: {
    sources: { secret: { name: string; items: { key: string; path: string }[] } }[];
  };
};
/** What is mounted of a secret; one that a CPO may leave out has a file for each CPO. */
const secretKeysOf = (secret: Volume['secret']): { name: string; key: string }[] => {
  if (secret === undefined) return [];
  const { secretName: name, items, optional = false } = secret;
  const keys = items?.map(({ key }) => key) ?? [optional ? '<cpoId>.pem' : `${name}.pem`];
  return keys.map((key) => ({ name, key }));
};
const projectedInto = (service: string): { name: string; key: string; path: string }[] =>
  (podOf(service).volumes as Volume[]).flatMap(({ name: volume, projected }) =>
    (projected?.sources ?? []).flatMap(({ secret }) =>
      secret.items.map(({ key, path }) => {
        const mounts = podOf(service).containers[0].volumeMounts as {
          name: string;
          mountPath: string;
        }[];
        const folder = mounts.find(({ name }) => name === volume)?.mountPath;
        return { name: secret.name, key, path: `${folder}/${path}` };
      }),
    ),
  );

const inCompose = (service: string): Record<string, string> =>
  compose.services[service]?.environment ?? {};
/** Names and values; what comes from a secret has its place for a value. */
const inKubernetes = (service: string): Record<string, string> => ({
  ...(find('ConfigMap', 'tallywatt-settings')?.['data'] as Record<string, string>),
  ...Object.fromEntries(
    entriesOf(service).map(({ name, value, valueFrom }) => [
      name,
      value ?? `secret ${valueFrom?.secretKeyRef.name}/${valueFrom?.secretKeyRef.key}`,
    ]),
  ),
});

const places = deployedServices.flatMap(({ name }) => [
  { name, place: 'compose', given: inCompose(name) },
  { name, place: 'Kubernetes', given: inKubernetes(name) },
]);

describe.each(places)('$name in $place', ({ name, given }) => {
  const variables = variablesOf(name);

  it('has every variable that it does not start without', () => {
    const required = [...variables].filter(([, { required }]) => required).map(([key]) => key);
    expect(required).toEqual(expect.arrayContaining(['KAFKA_BROKERS', 'DATABASE_URL']));
    expect(required.filter((key) => given[key] === undefined)).toEqual([]);
    expect([given['AUTH_SECRET'], given['OIDC_ISSUER']].filter(Boolean)).toHaveLength(1);
  });

  it('has none that it does not read', () => {
    const unread = Object.keys(given).filter(
      (key) => !variables.has(key) && !isTelemetryVariable(key),
    );
    expect(unread).toEqual([]);
  });

  it('is reached from outside its container, and counts in UTC', () => {
    expect(given['HTTP_HOST']).toBe('0.0.0.0');
    expect(given['TZ']).toBe('UTC');
  });
});

describe.each(deployedServices)('$name in Kubernetes comes to Kafka', ({ name }) => {
  const given = inKubernetes(name);

  it('by TLS, as its own user, through the listener that asks who it is', () => {
    expect(given).toMatchObject({
      KAFKA_TLS: '1',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_USERNAME: name,
    });
    expect(find('KafkaUser', name)?.['spec'].authentication.type).toBe('scram-sha-512');
    const { kafka } = find('Kafka', 'tallywatt')?.['spec'] ?? {};
    expect(kafka.listeners).toHaveLength(1);
    const [listener] = kafka.listeners;
    expect(listener).toMatchObject({ tls: true, authentication: { type: 'scram-sha-512' } });
    expect(given['KAFKA_BROKERS']).toBe(`tallywatt-kafka-bootstrap:${listener.port}`);
    expect(kafka.authorization).toEqual({ type: 'simple' });
  });

  it('with the files that are mounted', () => {
    const paths = projectedInto(name).map(({ path }) => path);
    expect([given['KAFKA_CA_FILE'], given['KAFKA_PASSWORD_FILE']]).toEqual(paths);
  });
});

describe('variables', () => {
  it('are found where a schema is a constant, and where it has a fallback', () => {
    const stripe = variablesOf('payment-capture');
    expect(stripe.get('STRIPE_SECRET_KEY')).toEqual({ required: true });
    expect(stripe.get('STRIPE_API_BASE')).toEqual({ required: false });
    expect(stripe.get('VAULT_KEY')).toBeUndefined();
    expect(variablesOf('reconciliation').get('PATIENCE_SECONDS')).toEqual({ required: false });
    expect(variablesOf('pricing-engine').get('PRICING_ENGINE_PORT')).toEqual({ required: false });
  });

  it.each([
    ['stripe-sandbox', 'tools/stripe-sandbox/src/main.ts'],
    ['topics', 'tools/deployment/src/create-topics.ts'],
  ])('of %s under compose are read by %s', (service, file) => {
    const text = readText(file);
    const given = Object.keys(inCompose(service));
    expect(given.length).toBeGreaterThan(1);
    const throughLibrary = text.includes('readKafkaConnection') ? kafkaVariables : [];
    const read = (key: string) => text.includes(key) || throughLibrary.some((name) => name === key);
    expect(given.filter((key) => !read(key))).toEqual([]);
  });

  it('that compose takes from its env file are in the example, and no others', () => {
    const used = [...readText('deploy/compose.yaml').matchAll(/\$\{([A-Z_]+)/g)].map((m) => m[1]);
    const example = [...readText('deploy/env.example').matchAll(/^([A-Z_]+)=/gm)].map((m) => m[1]);
    expect([...new Set(used)].sort()).toEqual([...example].sort());
  });
});

describe('secrets', () => {
  const isSecret = (name: string): boolean =>
    /(SECRET|SECRETS|KEY|PASSWORD|TOKEN)$/.test(name) || name === 'DATABASE_URL';

  it('never stand in the clear', () => {
    const composed = Object.values(compose.services).flatMap(({ environment }) =>
      Object.entries(environment ?? {}).filter(([key]) => isSecret(key)),
    );
    expect(composed.length).toBeGreaterThan(10);
    expect(composed.filter(([, value]) => !/\$\{[A-Z_]+[^}]*\}/.test(value))).toEqual([]);
    const inPods = deployedServices.flatMap(({ name }) =>
      Object.entries(inKubernetes(name)).filter(([key]) => isSecret(key)),
    );
    expect(inPods.length).toBeGreaterThan(8);
    expect(inPods.filter(([, value]) => !value.startsWith('secret '))).toEqual([]);
    expect(production.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('that the pods refer to are made by an operator or explained in k8s/README.md', () => {
    const readme = readText('k8s/README.md');
    const references = deployedServices.flatMap(({ name }) => [
      ...entriesOf(name).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
      ...(podOf(name).volumes as Volume[]).flatMap(({ secret }) => secretKeysOf(secret)),
      ...projectedInto(name),
    ]);
    expect(references.length).toBeGreaterThan(20);
    const prefix = find('Kafka', 'tallywatt')?.['spec'].entityOperator.userOperator.secretPrefix;
    const madeByOperators = [
      ...production.flatMap(({ kind, metadata: { name } }) => {
        if (kind === 'Cluster') return [`${name}-app uri`];
        if (kind === 'Kafka') return [`${name}-cluster-ca-cert ca.crt`];
        return kind === 'KafkaUser' ? [`${prefix}${name} password`] : [];
      }),
    ];
    for (const { name, key } of references) {
      const byOperator = madeByOperators.includes(`${name} ${key}`);
      const explained = readme.includes(`| \`${name}\` | \`${key}\` |`);
      expect([name, key, byOperator || explained]).toEqual([name, key, true]);
    }
  });
});
