import { Station } from '../../lib/dicom/storage-scp.ts';

/** A station that takes what comes. */
export async function openStation(folder, port) {
  const station = new Station(
    {
      aeTitle: 'BENCH',
      host: '127.0.0.1',
      port,
      allowedAeTitles: new Set(),
      admitsAddress: () => true,
      checkCalledAeTitle: true,
      associations: 16,
      timeoutMs: 60_000,
      maxPdu: 131_072,
      folder,
    },
    {
      onObject: () => Promise.resolve(),
      onAssociationEnd: () => undefined,
      onProblem: ({ en }) => console.error(en),
    },
  );
  await station.listen();
  return station;
}
