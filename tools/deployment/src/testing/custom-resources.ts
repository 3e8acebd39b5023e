// The parts of the operators' resources that k8s/ uses, as their CRDs have them: Strimzi 0.49
// (v1), CloudNativePG 1.27, KEDA 2.18, Prometheus operator. A field not named here is a fault.

type Metadata = {
  name: string;
  namespace: string;
  labels?: Record<string, string>;
};
type Resource<ApiVersion extends string, Kind extends string, Spec> = {
  apiVersion: ApiVersion;
  kind: Kind;
  metadata: Metadata;
  spec: Spec;
};
type Quantities = { cpu?: string; memory?: string };
type Resources = { requests: Quantities; limits: Quantities };
type Selector = { matchLabels: Record<string, string> };

type Strimzi<Kind extends string, Spec> = Resource<'kafka.strimzi.io/v1', Kind, Spec>;
type Setting = string | number | boolean;

export type KafkaTopic = Strimzi<
  'KafkaTopic',
  { partitions: number; replicas: number; config: Record<string, Setting> }
>;
export type KafkaUser = Strimzi<
  'KafkaUser',
  {
    authentication: { type: 'scram-sha-512' | 'tls' | 'tls-external' };
    authorization: {
      type: 'simple';
      acls: {
        resource: { type: 'topic' | 'group'; name: string; patternType: 'literal' | 'prefix' };
        operations: ('Read' | 'Write' | 'Describe' | 'DescribeConfigs')[];
      }[];
    };
  }
>;
export type KafkaNodePool = Strimzi<
  'KafkaNodePool',
  {
    replicas: number;
    roles: ('controller' | 'broker')[];
    storage: {
      type: 'jbod';
      volumes: {
        id: number;
        type: 'persistent-claim';
        size: string;
        kraftMetadata: 'shared';
        deleteClaim: boolean;
      }[];
    };
    resources: Resources;
  }
>;
export type Kafka = Strimzi<
  'Kafka',
  {
    kafka: {
      version: string;
      metadataVersion: string;
      rack: { topologyKey: string };
      listeners: {
        name: string;
        port: number;
        type: 'internal';
        tls: boolean;
        authentication?: { type: 'scram-sha-512' };
        networkPolicyPeers: { podSelector?: Selector; namespaceSelector?: Selector }[];
      }[];
      authorization: { type: 'simple' };
      config: Record<string, Setting>;
    };
    entityOperator: { topicOperator: object; userOperator: { secretPrefix: string } };
  }
>;

type CloudNativePg<Kind extends string, Spec> = Resource<'postgresql.cnpg.io/v1', Kind, Spec>;

export type Cluster = CloudNativePg<
  'Cluster',
  {
    instances: number;
    imageName: string;
    bootstrap: { initdb: { database: string; owner: string; encoding: string } };
    postgresql: {
      synchronous: { method: 'any' | 'first'; number: number; dataDurability: 'required' };
      parameters: Record<string, string>;
    };
    storage: { size: string };
    walStorage: { size: string };
    resources: Resources;
    affinity: {
      enablePodAntiAffinity: boolean;
      podAntiAffinityType: 'required' | 'preferred';
      topologyKey: string;
    };
    backup: { volumeSnapshot: { className: string } };
  }
>;
export type ScheduledBackup = CloudNativePg<
  'ScheduledBackup',
  {
    schedule: string;
    method: 'volumeSnapshot';
    backupOwnerReference: 'none' | 'self' | 'cluster';
    cluster: { name: string };
  }
>;

type ScalingRule = {
  stabilizationWindowSeconds: number;
  policies: { type: 'Pods' | 'Percent'; value: number; periodSeconds: number }[];
};
export type ScaledObject = Resource<
  'keda.sh/v1alpha1',
  'ScaledObject',
  {
    scaleTargetRef: { name: string };
    minReplicaCount: number;
    maxReplicaCount: number;
    pollingInterval: number;
    cooldownPeriod: number;
    fallback: { failureThreshold: number; replicas: number };
    advanced: {
      horizontalPodAutoscalerConfig: { behavior: { scaleUp: ScalingRule; scaleDown: ScalingRule } };
    };
    triggers: {
      type: 'prometheus';
      metadata: { serverAddress: string; query: string; threshold: string };
    }[];
  }
>;

type Monitoring<Kind extends string, Spec> = Resource<'monitoring.coreos.com/v1', Kind, Spec>;

export type PodMonitor = Monitoring<
  'PodMonitor',
  {
    jobLabel: string;
    selector: Selector;
    podMetricsEndpoints: {
      port: string;
      path: string;
      interval: string;
      relabelings: { sourceLabels: string[]; targetLabel: string }[];
    }[];
  }
>;
export type PrometheusRule = Monitoring<
  'PrometheusRule',
  {
    groups: {
      name: string;
      rules: {
        alert: string;
        expr: string;
        for?: string;
        labels: { severity: 'page' | 'ticket' };
        annotations: { summary: string; action: string; runbook: string };
      }[];
    }[];
  }
>;
