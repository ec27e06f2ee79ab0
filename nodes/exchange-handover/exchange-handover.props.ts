export interface HandoverProps {
  name: string;
}
