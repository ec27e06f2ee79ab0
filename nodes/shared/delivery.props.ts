/** What every delivering node has. */
export interface DeliveryProps {
  /** `durable`: the message store keeps and delivers it; `direct`: it is sent at once, in one attempt. */
  delivery: 'durable' | 'direct';
  /**
   * When an outcome counts as handed on: as soon as it is sent, or when the next durable node, or an
   * exchange-handover node, has taken it over. `auto` looks where the wires lead.
   */
  handover: 'auto' | 'sent' | 'taken';
  /** After a message that was given up, later ones of the same key wait for an operator. */
  holdsKey: boolean;
}
