/** Which argument takes the card number, where the agreement and its names disagree (A-49a). */
import type { IdArguments, QueryAnswer } from './report-query';

export class IdChoice {
  readonly #mode: IdArguments | 'auto';
  /** The reading that found something before. */
  #proven: IdArguments | undefined;

  constructor(mode: IdArguments | 'auto') {
    this.#mode = mode;
  }

  /**
   * Asks in the chosen way. `auto` asks as documented, and the other way round when nothing is found; what found
   * something is asked first from then on.
   */
  async ask(
    query: (ids: IdArguments) => Promise<QueryAnswer>,
  ): Promise<{ answer: QueryAnswer; ids: IdArguments }> {
    const first = this.#mode === 'auto' ? (this.#proven ?? 'documented') : this.#mode;
    const answer = await query(first);
    if (this.#mode !== 'auto') return { answer, ids: first };
    if (answer.reports.length > 0) {
      this.#proven = first;
      return { answer, ids: first };
    }
    const second = first === 'documented' ? 'swapped' : 'documented';
    const other = await query(second);
    if (other.reports.length === 0) return { answer, ids: first };
    this.#proven = second;
    return { answer: other, ids: second };
  }
}
