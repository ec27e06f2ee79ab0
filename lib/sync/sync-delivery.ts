/** Notifications and bookings on their way through the message store: item by item in, many in one call out (3.3). */
import { searchTerms } from '../contract/search-terms';
import { type SyncServiceName, syncServiceNames, syncServices } from '../contract/services';
import { errorsOf } from '../contract/validate';
import type { Delivered, DeliveryResult, Work } from '../delivery/channel';
import { type Item, brokenContract } from '../delivery/hand-in';
import type { CallInterfaceAnswer } from './call-interface';
import { keyShown } from './sync';
import type { SyncRecord } from './sync-records';

type Values = SyncRecord['record'];

export function syncItem(service: SyncServiceName, { record, key, violations }: SyncRecord): Item {
  const invalid = brokenContract(errorsOf(violations));
  return {
    service,
    key,
    label: keyShown(service, key),
    terms: searchTerms(syncServices[service].record, record),
    content: JSON.stringify(record),
    // A notification tells of an event: the same once more is another event, unless the first has not left yet.
    repeats: service === 'UpdateBillingInfo' ? 'waits' : 'known',
    ...(invalid && { invalid }),
  };
}

export type SyncCall = (service: SyncServiceName, records: readonly Values[]) => Promise<CallInterfaceAnswer>;

/** Sends messages, those of one service in one call. A call that the platform refuses is made again for each alone. */
export async function deliverSync(works: readonly Work[], call: SyncCall): Promise<DeliveryResult[]> {
  const results = new Map<Work, DeliveryResult>();
  for (const service of syncServiceNames) {
    const ofService = works.filter(work => work.service === service);
    const answers = await sendTogether(service, ofService, call);
    for (const [at, work] of ofService.entries()) results.set(work, answers[at] ?? { error: undefined });
  }
  return works.map(work => results.get(work) ?? { error: new TypeError(`unknown service ${work.service}`) });
}

async function sendTogether(
  service: SyncServiceName,
  works: readonly Work[],
  call: SyncCall,
): Promise<DeliveryResult[]> {
  if (works.length === 0) return [];
  try {
    // Written by syncItem.
    const answer = await call(
      service,
      works.map(({ content }) => JSON.parse(content) as Values),
    );
    if (answer.accepted || works.length === 1) return works.map(() => delivered(answer));
  } catch (error) {
    return works.map(() => ({ error }));
  }
  // One of them is wrong: the others must not suffer for it.
  const results: DeliveryResult[] = [];
  for (const work of works) results.push(...(await sendTogether(service, [work], call)));
  return results;
}

const delivered = (answer: CallInterfaceAnswer): Delivered => ({
  state: answer.accepted ? 'accepted' : 'refused',
  payload: answer,
  exchange: {},
  ...(!answer.accepted && {
    failure: { code: 'BUSINESS', text: { zh: '平台拒绝', en: 'the platform refused' } },
  }),
});
