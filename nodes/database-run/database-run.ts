import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DatabaseDriver, RunOptions, Statement } from '../../lib/database/driver';
import { type Parameter, readName, readType } from '../../lib/database/parameter';
import { ExchangeError } from '../../lib/errors';
import { findDatabase, needDatabase } from '../hospital-database/database-node';
import { endHandover, handoverOf, wiringOf } from '../shared/handover';
import { type InputMessage, type Send, onInput } from '../shared/input';
import { valueOf, wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import type { DatabaseRunProps, ParameterRow } from './database-run.props';
import { Sequences } from './sequences';

const DEFAULT_BATCH = 500;

export default function register(RED: NodeAPI): void {
  function DatabaseRun(this: Node, def: NodeDef & DatabaseRunProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const databaseNode = findDatabase(RED, def.database);
    const stop = stopOf(this);
    const sequences = new Sequences();
    const reachesTaker = wiringOf(RED, this);
    const batch = wholeNumber(def.batch, DEFAULT_BATCH);
    if (!databaseNode) status('bad', 'no-database');
    const forget = databaseNode?.driver.onChange(({ state }) => {
      if (state === 'up') status('good', 'connected');
      else if (state === 'down') status('bad', 'disconnected');
      else if (state === 'refused') status('bad', 'refused');
    });
    this.on('close', () => forget?.());

    onInput(this, async (msg, send) => {
      if (sequences.takes(msg)) return;
      const handover = handoverOf(RED, msg);
      try {
        const driver = needDatabase(databaseNode);
        const statement = statementOf(def);
        const parameters = await Promise.all((def.sqlParameters ?? []).map(row => readRow(this, row, msg)));
        status('busy', 'running');
        const options: RunOptions = { signal: stop, repeatable: def.repeatable ?? false };
        if (def.output === 'stream') await stream(driver, statement, parameters, options, msg, send);
        else await run(driver, statement, parameters, options, msg, send);
        // What goes on to another node that takes outcomes over, as after a query, is that one's.
        if (!reachesTaker(0)) await endHandover(handover);
        status('good', 'done');
      } catch (error) {
        if (!stop.aborted) status('bad', 'failed');
        throw error;
      }
    });

    /** Each batch is sent when the next one is there, so that the last one can say how many there are. */
    async function stream(
      driver: DatabaseDriver,
      statement: Statement,
      parameters: readonly Parameter[],
      options: RunOptions,
      msg: InputMessage,
      send: Send,
    ): Promise<void> {
      const id = RED.util.generateId();
      let index = 0;
      const emit = async (payload: unknown, isLast: boolean): Promise<void> => {
        const parts = { id, type: 'array', index, len: batch, ...(isLast && { count: index + 1 }) };
        index++;
        const asked = isLast || def.pace !== 'next' ? undefined : sequences.asked(id, stop);
        send({ ...RED.util.cloneMessage(msg), payload, parts });
        await asked;
      };
      let held: unknown;
      for await (const rows of driver.stream(statement, parameters, { ...options, batch })) {
        if (held !== undefined) await emit(held, false);
        held = rows;
      }
      await emit(held ?? [], true);
    }
  }
  RED.nodes.registerType('database-run', DatabaseRun);

  async function readRow(node: Node, row: ParameterRow, msg: InputMessage): Promise<Parameter> {
    const output = row.direction === 'out';
    // An output parameter without a value is NULL on its way in.
    const hasValue = !output || row.value !== '';
    const value = hasValue ? await valueOf(RED, node, row.value, row.valueType, msg) : null;
    return { name: readName(row.name), type: readType(row.type), value, output };
  }
}

async function run(
  driver: DatabaseDriver,
  statement: Statement,
  parameters: readonly Parameter[],
  options: RunOptions,
  msg: InputMessage,
  send: Send,
): Promise<void> {
  const startedAt = performance.now();
  const { rows, sets, returnValue, ...result } = await driver.run(statement, parameters, options);
  const database = {
    ...result,
    ...(returnValue !== undefined && { returnValue }),
    ...(sets.length > 1 && { sets }),
    durationMs: Math.round(performance.now() - startedAt),
  };
  send(Object.assign(msg, { payload: rows, database }));
}

function statementOf({ kind, statement }: DatabaseRunProps): Statement {
  const text = statement?.trim() ?? '';
  if (text) return { kind: kind === 'procedure' ? 'procedure' : 'sql', text };
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: '没有填写语句', en: 'there is no statement' },
  });
}
