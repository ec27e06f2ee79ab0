/** The dashboard and the alerts that come with the package ask for nothing that it does not give. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { OpenStores } from '../../lib/monitor/open-stores';
import { OpenList } from '../../lib/telemetry/open-list';
import { Telemetry } from '../../lib/telemetry/telemetry';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const FUNCTIONS = 'sum min max rate increase histogram_quantile vector by or up'.split(' ');

/** Of one expression: the names of metrics, and the labels that each word of it speaks of. */
function readExpression(expr: string): { metrics: string[]; labels: string[] } {
  const groups = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', '));
  const matchers = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, text = '']) =>
    [...text.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, name = '']) => name),
  );
  const bare = expr
    .replace(/\{[^}]*\}/g, '')
    .replace(/\bby \([^)]*\)/g, '')
    .replace(/\[[^\]]*\]/g, '');
  const words = [...bare.matchAll(/(?<![\w.])[a-z_]\w*/gi)].map(([word]) => word);
  return { metrics: words.filter(word => !FUNCTIONS.includes(word)), labels: [...groups, ...matchers] };
}

describe('what comes with the package for Grafana and Prometheus', () => {
  const telemetry = new Telemetry({
    stores: new OpenStores(),
    databases: new OpenList(),
    stations: new OpenList(),
  });
  const labelsOf = new Map<string, ReadonlySet<string>>();

  before(() => {
    telemetry.watchProcess();
    for (const metric of telemetry.registry.getMetricsAsArray()) {
      // The library keeps the names of labels, and does not say so in its types.
      const { name, type, labelNames } = metric as unknown as {
        name: string;
        type: string;
        labelNames: string[];
      };
      const added = type === 'histogram' ? ['', '_bucket', '_sum', '_count'] : [''];
      for (const end of added) labelsOf.set(name + end, new Set([...labelNames, 'le', 'instance', 'job']));
    }
  });

  const check = (expr: string): void => {
    const { metrics, labels } = readExpression(expr);
    if (!expr.startsWith('up{')) assert.ok(metrics.length > 0, expr);
    for (const metric of metrics) {
      const known = labelsOf.get(metric);
      assert.ok(known, `${metric} in ${expr}`);
      for (const label of labels) assert.ok(known.has(label), `label ${label} of ${metric} in ${expr}`);
    }
  };

  describe('the dashboard', () => {
    const dashboard = JSON.parse(fs.readFileSync('docs/grafana/regional-exchange.json', 'utf8')) as {
      readonly schemaVersion: number;
      readonly panels: readonly Panel[];
      readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
    };
    const { panels } = dashboard;

    it('asks for metrics and labels that there are', () => {
      const all = panels.flatMap(({ targets = [] }) => targets);
      assert.ok(all.length > 30);
      for (const { expr } of all) check(expr);
    });
    it('shows every metric of this package', () => {
      const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
      for (const metric of telemetry.registry.getMetricsAsArray())
        if (metric.name.startsWith('exchange_')) assert.ok(shown.includes(metric.name), metric.name);
    });
    it('takes its data from the source that the user chooses', () => {
      assert.ok(dashboard.schemaVersion >= 38);
      assert.ok(
        dashboard.templating.list.some(({ name, type }) => name === 'datasource' && type === 'datasource'),
      );
      for (const { datasource, targets = [], type } of panels) {
        if (type === 'row') continue;
        for (const { uid } of [datasource ?? { uid: '' }, ...targets.map(target => target.datasource)])
          assert.equal(uid, '${datasource}');
      }
    });
    it('has panels of their own ids and places, with titles in both languages', () => {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const cells = new Map<string, string>();
      for (const { title, gridPos } of panels) {
        assert.match(title, /\p{Script=Han}.* .*[A-Za-z]/u);
        assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, title);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            assert.equal(cells.get(`${x},${y}`), undefined, `${title} lies over ${cells.get(`${x},${y}`)}`);
            cells.set(`${x},${y}`, title);
          }
      }
    });
  });

  it('alerts ask for metrics and labels that there are', () => {
    const text = fs.readFileSync('docs/grafana/alerts.yml', 'utf8');
    const folded = text.replace(/>-\n\s+/g, '').replace(/\n {10}\/ /g, ' / ');
    const exprs = [...folded.matchAll(/^ {8}expr: (.*)$/gm)].map(([, expr = '']) => expr);
    assert.equal(exprs.length, [...text.matchAll(/- alert: /g)].length);
    for (const expr of exprs) check(expr);
  });
});
