import { alertsFile } from './generated-files';
import { deployedServices } from './services';
import { render } from './testing/kustomization';
import { processSeries, registeredSeries, seriesAskedFor } from './testing/metric-names';
import { filesBelow, readText, readYaml } from './testing/workspace';

type Panel = Readonly<{
  title: string;
  datasource?: { uid: string };
  targets?: { expr: string }[];
}>;
type Alert = Readonly<{
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}>;

const panels = filesBelow('deploy/grafana', /\.json$/).flatMap(
  (file) => (JSON.parse(readText(file)) as { panels: Panel[] }).panels,
);
const [alerts] = readYaml(alertsFile) as [{ groups: { name: string; rules: Alert[] }[] }];
const rules = alerts.groups.flatMap((group) => group.rules);

const expressions = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
  ),
  ...rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  ...render('k8s/base')
    .filter(({ kind }) => kind === 'ScaledObject')
    .map(({ metadata, spec }) => ({
      where: `scaling of ${metadata.name}`,
      expr: spec.triggers[0].metadata.query as string,
    })),
];

describe('metrics', () => {
  const registered = registeredSeries();
  const exists = (name: string): boolean =>
    name === 'up' || registered.has(name) || processSeries().has(name);

  it('are found in the code', () => {
    expect(registered).toContain('tallywatt_consumer_lag_records');
    expect(registered).toContain('tallywatt_consume_transaction_seconds_bucket');
    expect(registered).toContain('payment_webhooks_total');
  });

  it.each(expressions)('$where asks for metrics that exist: $expr', ({ expr }) => {
    const names = seriesAskedFor(expr);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });

  it('of a service that nobody watches would be noticed', () => {
    expect(exists('tallywatt_no_such_total')).toBe(false);
    expect(() => seriesAskedFor('sum(rate(up[5m])')).toThrow('no PromQL');
  });

  it('of money and of the log are each on the dashboard or in an alert', () => {
    const watched = new Set(expressions.flatMap(({ expr }) => seriesAskedFor(expr)));
    const unwatched = [...registered].filter(
      (name) => !watched.has(name) && !/_(sum|count)$/.test(name),
    );
    expect(unwatched).toEqual([]);
  });
});

describe('watching', () => {
  it('asks every service', () => {
    const [config] = readYaml('deploy/prometheus/prometheus.yaml') as [
      {
        scrape_configs: { static_configs: { targets: string[]; labels: { service: string } }[] }[];
      },
    ];
    const targets = config.scrape_configs.flatMap(({ static_configs }) =>
      static_configs.map(({ targets: [target], labels }) => [labels.service, target]),
    );
    expect(targets).toEqual(
      deployedServices.map(({ name, httpPort }) => [name, `${name}:${httpPort}`]),
    );
  });

  it('shows each panel from a source that is provisioned', () => {
    const [sources] = readYaml('deploy/grafana/provisioning/datasources/datasources.yaml') as [
      { datasources: { uid: string }[] },
    ];
    const uids = sources.datasources.map(({ uid }) => uid);
    const used = panels.flatMap(({ datasource }) => datasource?.uid ?? []);
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((uid) => !uids.includes(uid))).toEqual([]);
  });

  it.each(rules)('alert $alert says what happened and what to do', ({ annotations }) => {
    expect(annotations).toEqual({
      summary: expect.any(String),
      action: expect.any(String),
      runbook: expect.any(String),
    });
  });
});

describe('an alert on the first event of its kind', () => {
  const onFirst = rules.filter(({ expr }) => expr.includes('increase(') && /> 0\s*$/.test(expr));

  it('exists', () => expect(onFirst.map(({ alert }) => alert)).toContain('EventsParked'));

  it.each(onFirst)('$alert fires for a series that is born with it', ({ expr }) => {
    // increase() of a counter whose first sample is 1 is 0, and stays it.
    const [, counter, window] = /increase\((\w+)\[(\w+)\]\)/.exec(expr) ?? [];
    const born = `(${counter} unless last_over_time(${counter}[1d] offset ${window})) or increase(`;
    expect(expr.replaceAll(/\s+/g, ' ')).toContain(born);
  });
});

describe('docs/runbook/alerts.md', () => {
  const page = 'docs/runbook/alerts.md';
  const sections = readText(page).split(/^## /m).slice(1);
  const titleOf = (section: string): string => section.split('\n')[0] ?? '';

  it('has a section for every alert, in the same order, and no other', () => {
    expect(sections.map(titleOf)).toEqual(rules.map(({ alert }) => alert));
  });

  it.each(rules)('is where $alert points, and says as loudly what to do', (rule) => {
    const { alert, annotations, labels } = rule;
    expect(annotations['runbook']).toBe(`${page}#${alert.toLowerCase()}`);
    const section = sections.find((text) => titleOf(text) === alert) ?? '';
    const volume = labels['severity'] === 'page' ? '**Page.**' : '**Ticket.**';
    const parts = [volume, '**Money:**', '**Check', '**Over** when'];
    const asAnother = /as (\w+)\./.exec(section)?.[1];
    const missing = parts.filter((part) => !section.includes(part));
    if (missing.length > 0 && asAnother !== undefined) {
      expect(sections.map(titleOf)).toContain(asAnother);
      expect(missing.filter((part) => part === volume || part === '**Money:**')).toEqual([]);
    } else expect(missing).toEqual([]);
  });
});
