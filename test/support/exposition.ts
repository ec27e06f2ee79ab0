/** Reads the text format of Prometheus, and takes nothing that is not in its rules. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?Inf|NaN|Nan)$/i;

export class Exposition {
  readonly families = new Map<string, Family>();

  /** Fails with the line that breaks a rule. */
  constructor(text: string) {
    assert.ok(text.endsWith('\n'), 'the last line has an end');
    const seen = new Set<string>();
    let helps: readonly [string, string] | undefined;
    let current: Family | undefined;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const [, word, name = '', rest = ''] = META.exec(line) ?? [];
      if (word === 'HELP') {
        assert.ok(!this.families.has(name), `${name} comes once`);
        assert.doesNotMatch(rest, /\\(?![\\n])/, line);
        helps = [name, rest];
      } else if (word === 'TYPE') {
        assert.equal(helps?.[0], name, `help and type of ${name} stand together`);
        assert.ok(TYPES.includes(rest), line);
        current = { name, help: helps?.[1] ?? '', type: rest, samples: [] };
        this.families.set(name, current);
      } else {
        const sample = readSample(line);
        assert.ok(current && belongs(sample, current), `${line} stands with its family`);
        const names = Object.keys(sample.labels).toSorted((one, other) => (one < other ? -1 : 1));
        const series = JSON.stringify([sample.name, names.map(label => [label, sample.labels[label]])]);
        assert.ok(!seen.has(series), `${line} comes once`);
        seen.add(series);
        current.samples.push(sample);
      }
    }
    for (const family of this.families.values()) check(family);
  }

  /** The samples of a name whose labels are these, and others. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    const all = [...this.families.values()].flatMap(family => family.samples);
    return all.filter(
      sample =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** The sum of these samples. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

function readSample(line: string): Sample {
  const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
  assert.ok(name, `no sample: ${line}`);
  assert.match(value, NUMBER, line);
  const labels: Record<string, string> = {};
  for (let rest = labelText; rest !== '';) {
    const [whole = '', label = '', text = ''] = LABEL.exec(rest) ?? [];
    assert.ok(label && !(label in labels) && !label.startsWith('__'), `labels of ${line}`);
    labels[label] = text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace(/inf$/i, 'Infinity')) };
}

const belongs = ({ name, labels }: Sample, family: Family): boolean =>
  name === family.name ||
  (family.type === 'histogram' &&
    ((name === `${family.name}_bucket` && labels['le'] !== undefined) ||
      name === `${family.name}_sum` ||
      name === `${family.name}_count`)) ||
  (family.type === 'summary' && [`${family.name}_sum`, `${family.name}_count`].includes(name));

function check({ name, type, samples }: Family): void {
  if (type === 'counter')
    for (const { value } of samples) assert.ok(value >= 0 && Number.isFinite(value), `${name} ${value}`);
  if (type !== 'histogram') return;
  const keyOf = ({ labels: { le: _le, ...others } }: Sample): string => JSON.stringify(others);
  for (const key of new Set(samples.map(keyOf))) {
    const own = samples.filter(sample => keyOf(sample) === key);
    const buckets = own.filter(sample => sample.name.endsWith('_bucket'));
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('+Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      bounds,
      bounds.toSorted((one, other) => one - other),
      `bounds of ${name}`,
    );
    assert.deepEqual(
      counts,
      counts.toSorted((one, other) => one - other),
      `${name} counts up`,
    );
    assert.equal(bounds.at(-1), Infinity, `${name} has all`);
    const count = own.find(sample => sample.name === `${name}_count`)?.value;
    assert.equal(counts.at(-1), count, `${name} counts all`);
    assert.ok(
      own.some(sample => sample.name === `${name}_sum`),
      `${name} has a sum`,
    );
  }
}
