/** 5.1.3 and 5.1.4: images and electronic films go to the platform's archive; the hospital's PACS can be asked. */
import { echo } from '../dicom/echo';
import { EFILM, efilm } from '../dicom/efilm';
import { readObject } from '../dicom/part10';
import { type Level, withQueries } from '../dicom/query-scu';
import { type SendMode, outgoingOf } from '../dicom/send-study';
import { statusHex } from '../dicom/status';
import { storeObjects } from '../dicom/store-scu';
import { ExchangeError } from '../errors';
import { syntheticImages } from '../simulator/hospital/images';
import type { Bench } from './bench';
import { type CheckCase, checkCase } from './check-case';
import { CheckFailure, expect } from './failure';
import { testStudy } from './test-data';

const IMAGES = '5.1.3';
const FILMS = '5.1.4';
const STUDY: Level = 'STUDY';

const objectsOf = (bench: Bench) =>
  Promise.all(syntheticImages(testStudy(bench.marks)).map(({ file }) => readObject(file)));

async function store(bench: Bench, mode: SendMode): Promise<number> {
  await bench.mayWriteToArchive();
  const outgoing = (await objectsOf(bench)).map(object => outgoingOf(object, mode));
  const results = await storeObjects(bench.archive, outgoing, { associations: 1, signal: bench.signal });
  const failed = results.filter(result => result.class !== 'success' && result.class !== 'warning');
  const [first] = failed;
  if (first) {
    const status = first.status === null ? '' : ` (${statusHex(first.status)})`;
    throw (
      first.error ??
      new CheckFailure({
        zh: `${results.length} 幅中有 ${failed.length} 幅未被接收${status}`,
        en: `${failed.length} of ${results.length} objects were not taken${status}`,
      })
    );
  }
  return results.length;
}

const sent = (count: number) => ({ zh: `${count} 幅全部接收`, en: `all ${count} objects were taken` });

export const imageCases: readonly CheckCase[] = [
  checkCase(
    IMAGES,
    'normal',
    'store',
    '上传一次测试检查 (C-STORE)',
    'a test study is sent by C-STORE',
    async bench => sent(await store(bench, { efilm: false, newUids: false })),
  ),
  checkCase(IMAGES, 'edge', 'again', '同一检查再次上传', 'the same study again', async bench =>
    sent(await store(bench, { efilm: false, newUids: false })),
  ),
  checkCase(
    IMAGES,
    'edge',
    'echo',
    '影像平台应答 C-ECHO',
    "the platform's archive answers C-ECHO",
    async bench => {
      await echo(bench.archive, bench.signal);
      return { zh: 'C-ECHO 成功', en: 'C-ECHO succeeded' };
    },
  ),
  checkCase(
    IMAGES,
    'edge',
    'query',
    '本院 PACS 应答 C-FIND',
    "the hospital's PACS answers C-FIND",
    async bench => {
      const keys = { StudyInstanceUID: bench.marks.studyInstanceUid, PatientID: '', AccessionNumber: '' };
      const found = await withQueries(bench.pacs, STUDY, bench.signal, queries => queries.find(STUDY, keys));
      return { zh: `C-FIND 成功，${found.length} 个检查`, en: `C-FIND succeeded, ${found.length} studies` };
    },
  ),
  checkCase(
    IMAGES,
    'bad',
    'no-dicom',
    '不是 DICOM 的文件不发送',
    'what is no DICOM is not sent',
    async () => {
      try {
        await readObject(Buffer.from('not DICOM'));
      } catch (error) {
        if (error instanceof ExchangeError && error.code === 'DICOM_FILE')
          return { zh: `发送前拦截：${error.text.zh}`, en: `stopped before sending: ${error.text.en}` };
        throw error;
      }
      throw new CheckFailure({
        zh: '不是 DICOM 的文件未被发现',
        en: 'a file that is no DICOM was not found out',
      });
    },
  ),
  checkCase(
    FILMS,
    'normal',
    'store',
    '以 EFILM 上传测试检查',
    'the test study is sent as EFILM',
    async bench => sent(await store(bench, { efilm: true, newUids: false })),
  ),
  checkCase(FILMS, 'edge', 'modality', '只有 Modality 改变', 'only Modality changes', async bench => {
    for (const object of await objectsOf(bench)) {
      const film = await efilm(object, { newUids: false });
      const { modality, ...rest } = film.identity;
      const { modality: _before, data: _data, offset: _offset, length: _length, ...same } = object;
      expect(modality === EFILM, 'Modality 不是 EFILM', 'Modality is not EFILM');
      expect(
        JSON.stringify(rest) === JSON.stringify(same),
        'Modality 之外的标识被改变',
        'more than Modality has changed',
      );
    }
    return {
      zh: 'Modality 为 EFILM，其余标识不变',
      en: 'Modality is EFILM, the other identifiers are as before',
    };
  }),
];
