/** What the keys of a store are wrapped by. */
export interface Secrets {
  readonly secret: string;
  /** The secret before the last change: with it the keys are wrapped anew, and contents sealed by a new one. */
  readonly previousSecret?: string;
}
