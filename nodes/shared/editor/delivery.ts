/** How a node delivers: its defaults, and the section `delivery.form.html` of its dialog. */
import type { DeliveryProps } from '../delivery.props';
import { showCases } from './cases';
import { storeChosen } from './profile';
import type { Defaults } from './red';

export const deliveryDefaults: Defaults<DeliveryProps> = {
  delivery: { value: 'durable', validate: storeChosen },
  handover: { value: 'auto' },
  holdsKey: { value: false },
};

/** For `oneditprepare`. */
export function prepareDelivery(node: Partial<DeliveryProps>): void {
  const choice = $('#node-input-delivery');
  // A node of a flow that is older than the store delivers as a new one does.
  choice.val(node.delivery ?? deliveryDefaults.delivery.value);
  $('#node-input-handover').val(node.handover ?? deliveryDefaults.handover.value);
  const show = (): void => showCases($('.exchange-delivery'), [String(choice.val())]);
  choice.on('change', show);
  show();
}
