/** What the text means that ArchiveAutoReport returns: the agreement defines none, so rules decide. */
import { parseAnswerJson } from '../wire/json-answer';
import { child, readXmlTolerant } from '../wire/xml-read';

export type Outcome = 'accepted' | 'refused' | 'unconfirmed';

export interface AcknowledgementRules {
  readonly accepted: RegExp;
  readonly refused: RegExp;
  readonly emptyMeans: Outcome;
}

/**
 * `unconfirmed`: delivered, but the platform's words are unknown: shown as a warning, never sent again by itself and
 * never taken for a success.
 */
export function classify(answer: string | null, rules: AcknowledgementRules): Outcome {
  const text = answer?.trim() ?? '';
  if (text === '') return rules.emptyMeans;
  const structured = text.startsWith('<')
    ? xmlOutcome(text)
    : text.startsWith('{')
      ? jsonOutcome(text)
      : undefined;
  if (structured) return structured;
  // A refusal may quote a word of success («成功 0 条，失败 1 条»), so it is looked for first.
  if (rules.refused.test(text)) return 'refused';
  return rules.accepted.test(text) ? 'accepted' : 'unconfirmed';
}

const YES = /^(yes|true|1|ok|成功)$/i;
const NO = /^(no|false|0|-1|失败)$/i;

const saidBy = (value: string): Outcome | undefined =>
  YES.test(value) ? 'accepted' : NO.test(value) ? 'refused' : undefined;

function xmlOutcome(text: string): Outcome | undefined {
  try {
    const { root } = readXmlTolerant(text);
    const content = child(root, 'returnContent') ?? root;
    const element = child(content, 'success') ?? child(content, 'Status');
    return saidBy((element ?? content).text.trim());
  } catch {
    return undefined;
  }
}

function jsonOutcome(text: string): Outcome | undefined {
  const answer = parseAnswerJson(text);
  const said = answer?.['status'] ?? answer?.['success'];
  return typeof said === 'string' || typeof said === 'number' || typeof said === 'boolean'
    ? saidBy(String(said))
    : undefined;
}
