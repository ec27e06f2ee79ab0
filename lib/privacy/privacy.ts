/** Kinds of personal data; each has its own way of masking. */
export type Privacy = 'name' | 'id' | 'card' | 'phone' | 'date' | 'uid' | 'text';
