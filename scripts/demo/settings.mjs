// Settings of the demo's Node-RED, and the synthetic values that its flows take from the environment.

/** Made-up, and good for nothing but the simulator in the same process. */
export const demoSecrets = {
  EXCHANGE_APP_ID: 'DEMO-APP-ID',
  EXCHANGE_CERTIFICATE: 'DEMO-CERTIFICATE',
  EXCHANGE_STR_CREDENTIAL: 'DEMO-CREDENTIAL',
  EXCHANGE_STR_KEY: 'DEMO-KEY',
  EXCHANGE_VIEWER_KEY: 'DEMO-VIEWER-KEY',
  EXCHANGE_REPORT_SIGN_KEY: 'DEMO-REPORT-SIGN-KEY',
};

export const bookingPath = '/exchange/AppointmentDealInterface';
export const simulatorPath = '/simulator';

export const environmentOf = url => ({
  EXCHANGE_ORGAN_CODE: 'XM-00000-TEST',
  EXCHANGE_OPERATOR: 'TESTYYApi',
  EXCHANGE_ORG_CODE: '000000T0001',
  EXCHANGE_ORG_NAME: '测试医院',
  EXCHANGE_USER_ORGANIZATION_ID: 'XM-00000-TEST',
  EXCHANGE_ORGANIZATION_ID: 'XM-00000-TEST',
  EXCHANGE_USER_GUID: '00000000-0000-0000-0000-000000000001',
  EXCHANGE_CALL_INTERFACE_URL: `${url}${simulatorPath}/CallInterface.asmx`,
  EXCHANGE_ARCHIVE_URL: `${url}${simulatorPath}/sehr.service.auto/IAutoReport.asmx`,
  EXCHANGE_VIEWER_URL: `${url}${simulatorPath}/IDCAS/Interface`,
  EXCHANGE_BOOKING_URL: `${url}${bookingPath}`,
  EXCHANGE_REPORT_FILE_URL: url,
  EXCHANGE_AE: 'NODERED',
  /** A made-up patient whom the demo's other checks leave alone. */
  EXCHANGE_CHECK_PATIENT: 'Z00000002',
});

/** Nothing leaves the machine: no telemetry, no catalogue of nodes, no tours, no update check. */
export const settingsOf = ({ userDir, showsWarnings }) => ({
  userDir,
  flowFile: 'flows.json',
  httpAdminRoot: '/',
  httpNodeRoot: '/',
  // Secrets of the demo are no secrets; a fixed key keeps its files readable after a restart.
  credentialSecret: 'demo',
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'off' }, demo: { level: 'warn', handler: () => logTo(showsWarnings) } },
  externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
  editorTheme: {
    page: { title: '区域互联演示 Regional exchange demo' },
    header: { title: '区域互联演示 Regional exchange demo' },
    palette: { catalogues: [] },
    tours: false,
  },
});

const ERROR = 20;

const logTo = showsWarnings => {
  return ({ level, type, name, msg }) => {
    if (level > ERROR && !showsWarnings()) return;
    const source = type ? `[${type}${name ? `:${name}` : ''}] ` : '';
    console.error(`${level > ERROR ? 'warn' : 'error'}: ${source}${msg?.message ?? msg}`);
  };
};
