/** The field mapping of a node at run time: compiled when the flow starts, expressions evaluated by Node-RED. */
import type { Node, NodeAPI } from 'node-red';
import { CodeTables } from '../../lib/contract/code-table';
import { type Evaluate, type Mapping, compileMapping } from '../../lib/mapping/mapping';
import type { MappedTable } from '../../lib/mapping/mapping-row';
import type { Profile } from '../../lib/profile/profile';
import type { MappingProps } from './mapping.props';

type ApplyMapping = (input: unknown, mapping: Mapping, codeTables: CodeTables) => Promise<unknown>;

/**
 * Gives the function that maps a node's input; a node without mapping gets its input back as it is. A mapping that
 * cannot be used is told when the flow starts, and is the error of every message.
 */
export function inputMapping(
  RED: NodeAPI,
  node: Node,
  def: Partial<MappingProps>,
  tables: readonly MappedTable[],
): (input: unknown, profile: Profile, apply: ApplyMapping) => Promise<unknown> {
  const rows = def.mapping ?? [];
  if (rows.length === 0) return input => Promise.resolve(input);
  const mapping = compiled();
  return async (input, { check }, apply) => {
    if (mapping instanceof Error) throw mapping;
    return apply(input, mapping, check.codeTables ?? new CodeTables());
  };

  function compiled(): Mapping | Error {
    try {
      return compileMapping(rows, {
        tables,
        sameNames: def.sameNames ?? true,
        compile: expression => evaluator(RED, node, expression),
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      node.error(error.message);
      return error;
    }
  }
}

function evaluator(RED: NodeAPI, node: Node, text: string): Evaluate {
  const expression = RED.util.prepareJSONataExpression(text, node);
  return row =>
    new Promise((resolve, reject) => {
      RED.util.evaluateJSONataExpression(expression, row, (error, result: unknown) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
}
