import { aeTitleList, optionalAeTitle } from '../shared/editor/dicom';
import { useFormStyle } from '../shared/editor/form';
import { filled, networkList, optionalHostName, wholeNumber } from '../shared/editor/validate';
import type { StationProps } from './dicom-station.props';

useFormStyle();

RED.nodes.registerType<StationProps>('dicom-station', {
  category: 'config',
  icon: 'dicom-station.svg',
  color: '#D9A75F',
  defaults: {
    name: { value: '' },
    aeTitle: { value: '', validate: optionalAeTitle('aeTitle') },
    host: { value: '', validate: optionalHostName('host') },
    port: { value: '11112', validate: wholeNumber('port', 1, 65_535) },
    folder: { value: 'dicom-incoming', validate: filled('folder') },
    allowedAeTitles: { value: '', validate: aeTitleList('allowedAeTitles') },
    allowedNetworks: { value: '', validate: networkList('allowedNetworks') },
    checkCalledAeTitle: { value: true },
    tls: { value: '', type: 'tls-config', required: false },
    associations: { value: '16', validate: wholeNumber('associations', 1, 1000) },
    timeout: { value: '60', validate: wholeNumber('timeout', 1, 3600) },
    maxMiB: { value: '4096', validate: wholeNumber('maxMiB', 1, 1_048_576) },
    keepDays: { value: '30', validate: wholeNumber('keepDays', 0, 36_500) },
  },
  label() {
    return this.name || this.aeTitle || this._('dicom-station.label');
  },
  paletteLabel() {
    return this._('dicom-station.label');
  },
});
