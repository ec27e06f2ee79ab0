/** Objects that went from one side to the other, for those who count them. */
import type { StatusClass } from './status';

export interface Transfer {
  /** `unknown`: sent, and the answer was lost. */
  readonly result: StatusClass | 'unknown';
  /** Of the data set; 0 when nothing of it went, or another counts it. */
  readonly bytes: number;
  /** 1 unless given. */
  readonly objects?: number;
}
