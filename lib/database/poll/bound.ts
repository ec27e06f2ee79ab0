/** Parameters of a statement that is put together: each value gets a name, and never stands in the text. */
import { type Parameter, readType } from '../parameter';

export class Bound {
  readonly parameters: Parameter[] = [];

  /** Gives what stands for the value in the text. */
  add(value: unknown, type: string): string {
    const name = `p${this.parameters.length}`;
    this.parameters.push({ name, type: readType(type), value, output: false });
    return `@${name}`;
  }
}
