import assert from 'node:assert/strict';
import { type ViewerPageName, viewerPages } from '../../lib/contract/services';
import { type ViewerRequest, signViewerAddress, viewerToken } from '../../lib/viewer/viewer-address';
import { profileValues } from '../../lib/viewer/profile-values';
import { fixture } from '../support/fixture';
import { profileSettings } from '../support/profile-settings';

interface Vector {
  readonly page: string;
  readonly params: readonly (readonly [string, string])[];
  readonly key: string;
  readonly token: string;
}
interface Vectors {
  readonly printed: {
    readonly key: string;
    readonly expected: string;
    readonly pages: Readonly<Record<string, Vector['params']>>;
  };
  readonly synthetic: readonly Vector[];
}
const vectors = JSON.parse(fixture('token-vectors.json')) as Vectors;

const BASE = 'http://viewer.example.invalid/IDCAS/Interface';
const sign = (page: ViewerPageName, values: Record<string, unknown>, more: Partial<ViewerRequest> = {}) =>
  signViewerAddress({ page, baseUrl: BASE, values: [values], key: 'TEST-KEY', timestamp: null, ...more });

describe('viewer token (5.1.6)', () => {
  for (const [page, params] of Object.entries(vectors.printed.pages)) {
    it(`reproduces the token printed for ${page}`, () => {
      assert.equal(
        viewerToken(
          params.map(([, value]) => value),
          vectors.printed.key,
        ),
        vectors.printed.expected,
      );
    });
  }
  for (const vector of vectors.synthetic) {
    it(`vector ${vector.page}, ${vector.params.length} parameters`, () => {
      const page = vector.page.split(' ')[0] as ViewerPageName;
      const timestamp = vector.params.find(([name]) => name === 'Timestamp')?.[1];
      // Given in the reverse order: the page's list decides.
      const values = Object.fromEntries(vector.params.filter(([name]) => name !== 'Timestamp').toReversed());
      const address = sign(page, values, {
        key: vector.key,
        timestamp: timestamp === undefined ? null : Number(timestamp),
      });
      assert.equal(address.token, vector.token);
      const sent = [...new URL(address.url).searchParams];
      assert.deepEqual(sent, [...vector.params, ['token', vector.token]]);
    });
  }
  it('writes the example addresses', () => {
    const expected = fixture('viewer.urls.txt').trim().split(/\s+/);
    const written = vectors.synthetic.map(({ page, params, key }) => {
      const timestamp = params.find(([name]) => name === 'Timestamp')?.[1];
      return sign(page.split(' ')[0] as ViewerPageName, Object.fromEntries(params), {
        baseUrl: 'http://URL/IDCAS/Interface/',
        key,
        timestamp: timestamp ? Number(timestamp) : null,
      }).url;
    });
    assert.deepEqual(written, expected);
  });
  it('an absent and an empty parameter give one token, another value another one', () => {
    const token = (values: Record<string, unknown>): string => sign('ClinicExam', values).token;
    assert.equal(token({ PatientID: '1' }), token({ PatientID: '1', AccessionNumber: '' }));
    assert.notEqual(token({ PatientID: '1' }), token({ PatientID: '2' }));
  });
});

describe('viewer address', () => {
  it('knows all four pages', () => assert.equal(Object.keys(viewerPages).length, 4));
  it('percent-encodes after signing, blanks as %20 (A-71)', () => {
    const { url } = sign('ClinicExam', { AccessionNumber: 'A&B+1 %2/测' });
    assert.match(url, /AccessionNumber=A%26B%2B1%20%252%2F%E6%B5%8B&token=[0-9A-F]{32}$/);
  });
  it('puts extra parameters after the listed ones, the time last before the token (A-64, A-68)', () => {
    const { url } = sign(
      'RelatedExamList',
      { MedRecNO: '1' },
      { extra: [['UserID', 'doc01']], timestamp: 1893456000 },
    );
    assert.match(url, /\?MedRecNO=1&UserID=doc01&Timestamp=1893456000&token=/);
  });
  it('takes names in any case and later sources over earlier ones', () => {
    const { url } = signViewerAddress({
      page: 'ClinicExam',
      baseUrl: BASE,
      values: [{ patientid: '1', UserID: 'a' }, { PATIENTID: 2 }],
      key: 'k',
      timestamp: null,
    });
    assert.match(url, /\?UserID=a&PatientID=2&token/);
  });
  it('warns of a parameter without its partner (A-73)', () => {
    const { warnings } = sign('RelatedExamList', { PlacerOrderNO: '1', OrganizationID: 'XM' });
    assert.deepEqual(
      warnings.map(({ zh }) => zh),
      ['参数 PlacerOrderNO 应与 PlacerAssigningAuthority 一起传'],
    );
    assert.deepEqual(sign('RelatedExamList', { MedRecNO: '1', OrganizationID: 'XM' }).warnings, []);
  });
  it('refuses what cannot be signed, without naming values', () => {
    assert.throws(
      () => sign('ClinicExam', { Nonsense: '000000190001010017' }),
      (error: unknown) =>
        error instanceof Error &&
        /没有参数 Nonsense/.test(error.message) &&
        !error.message.includes('00000019'),
    );
    assert.throws(() => sign('ClinicExam', { PatientID: { a: 1 } }), { code: 'CONTRACT' });
    assert.throws(() => sign('ClinicExam', {}, { key: '' }), { code: 'CONFIG' });
    assert.throws(() => sign('ClinicExam', {}, { baseUrl: 'viewer' }), { code: 'CONFIG' });
  });
  it("takes the hospital's own values from the profile, under each page's names (A-66, A-67)", () => {
    const settings = profileSettings({ userGuid: 'G', userOrganizationId: 'O', organizationId: '' });
    assert.deepEqual(profileValues('ClinicExamView', settings), {
      CustomerGuid: 'G',
      UserOrganizationID: 'O',
      UserOrganizationName: '测试医院',
    });
    assert.deepEqual(profileValues('ClinicExamList', settings, 'pw'), {
      UserUID: 'G',
      UserPwd: 'pw',
      UserOrganizationID: 'O',
      UserOrganizationName: '测试医院',
    });
    assert.deepEqual(profileValues('RelatedExamList', settings), {});
  });
});
