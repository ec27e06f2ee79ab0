export interface BookingResponseProps {
  name: string;
  /** Where the answer stands in the message: rows, an object, a PDF. */
  property: string;
  propertyType: 'msg' | 'jsonata';
  /** Most items in one answer; more are refused with a clear error (A-29h). */
  maxItems: string;
  /** Style of the receipt's times (A-29f). */
  receiptDateStyle: 'dash' | 'slash';
  /** Merge several PDF receipts into the one item of the answer (A-29d). */
  mergePdf: boolean;
}
