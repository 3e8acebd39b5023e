import { join } from 'node:path';
import { readYaml } from './workspace';

// As much of kustomize as k8s/ uses; whatever else a kustomization says is an error here, so that
// nobody believes in a check that did not see it.

export type Resource = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what else there is depends on the kind
  [field: string]: any;
};

type Kustomization = Readonly<{
  apiVersion: string;
  kind: string;
  namespace?: string;
  resources?: readonly string[];
  patches?: readonly Readonly<{ path: string }>[];
  images?: readonly Readonly<{ name: string; newName?: string; newTag?: string }>[];
}>;

const known = ['apiVersion', 'kind', 'namespace', 'resources', 'patches', 'images'];
const clusterWide = ['Namespace'];

type Tree = Record<string, unknown>;
type Workload = { template?: { spec?: { containers?: Tree[] } } };
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const areNamed = (list: readonly unknown[]): list is { name: string }[] =>
  list.every((item) => isTree(item) && typeof item['name'] === 'string');

/** Maps are merged; lists of named things too where Kubernetes knows the kind, else replaced. */
const merge = (target: unknown, patch: unknown, byName: boolean): unknown => {
  if (Array.isArray(target) && Array.isArray(patch)) {
    if (!byName || !areNamed(target) || !areNamed(patch)) return patch;
    // What is new comes first, as kustomize has it.
    const fresh = patch.filter(({ name }) => !target.some((item) => item.name === name));
    const names = [...fresh, ...target].map(({ name }) => name);
    const find = (list: { name: string }[], name: string) =>
      list.find((item) => item.name === name);
    return names.map((name) => merge(find(target, name), find(patch, name), byName));
  }
  if (isTree(target) && isTree(patch)) {
    const keys = [...new Set([...Object.keys(target), ...Object.keys(patch)])];
    return Object.fromEntries(keys.map((key) => [key, merge(target[key], patch[key], byName)]));
  }
  return patch === undefined ? target : patch;
};

const isCore = ({ apiVersion }: Resource): boolean =>
  !apiVersion.includes('.') || apiVersion.includes('.k8s.io/');

const applyPatch = (resources: Resource[], patch: Resource): Resource[] => {
  const isTarget = ({ kind, metadata }: Resource) =>
    kind === patch.kind && metadata.name === patch.metadata.name;
  if (!resources.some(isTarget)) {
    throw new Error(`a patch names ${patch.kind} ${patch.metadata.name}, which nobody defines`);
  }
  return resources.map((resource) =>
    isTarget(resource) ? (merge(resource, patch, isCore(resource)) as Resource) : resource,
  );
};

const renameImages = (resource: Resource, images: Kustomization['images'] = []): Resource => {
  for (const container of (resource['spec'] as Workload | undefined)?.template?.spec?.containers ??
    []) {
    const [name, tag] = String(container['image']).split(':');
    const image = images.find((candidate) => candidate.name === name);
    if (image === undefined) continue;
    container['image'] = `${image.newName ?? name}:${image.newTag ?? tag}`;
  }
  return resource;
};

/** The resources that `kubectl kustomize <folder>` prints, in no particular order. */
export const render = (folder: string): Resource[] => {
  const file = join(folder, 'kustomization.yaml');
  const kustomization = readYaml(file)[0] as Kustomization;
  const unknown = Object.keys(kustomization).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${file}: ${unknown.join(', ')} is not understood here`);
  const listed = (kustomization.resources ?? []).flatMap((entry) =>
    entry.endsWith('.yaml')
      ? (readYaml(join(folder, entry)) as Resource[])
      : render(join(folder, entry)),
  );
  return (kustomization.patches ?? [])
    .flatMap(({ path }) => readYaml(join(folder, path)) as Resource[])
    .reduce(applyPatch, listed)
    .map((resource) => renameImages(resource, kustomization.images))
    .map((resource) =>
      kustomization.namespace === undefined || clusterWide.includes(resource.kind)
        ? resource
        : {
            ...resource,
            metadata: { ...resource.metadata, namespace: kustomization.namespace },
          },
    );
};
