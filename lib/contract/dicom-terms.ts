/** The DICOM values that the report tables refer to. */

/** Defined terms of Modality (0008,0060), PS3.3 C.7.3.1.1.1, current and retired, and the city's EFILM (5.1.4). */
export const MODALITIES: ReadonlySet<string> = new Set(
  (
    'ANN AR ASMT AU BDUS BI BMD CR CT CTPROTOCOL DMS DG DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT ' +
    'IVUS KER KO LEN LS MG MR M3D NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF ' +
    'RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG ' +
    'US VA XA XAPROTOCOL XC ' +
    'AS CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST VF ' +
    'EFILM'
  ).split(' '),
);

/** AccessionNumber is SH: 16 characters at most (PS3.5 6.2). */
export const ACCESSION_LENGTH = 16;

/** A UID: components of digits without leading zeros, 64 characters at most (PS3.5 9.1). */
export const isUid = (text: string): boolean =>
  text.length <= 64 && /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+$/.test(text);
