/** What can go wrong with a shared database, in words that say what to do. Values and passwords never get in here. */
import { ExchangeError, type RetryClass, type Text } from '../../errors';

export type FailureKind =
  | 'unreachable'
  | 'time-out'
  | 'clash'
  | 'login'
  | 'database'
  | 'rights'
  | 'tls'
  | 'clear-text'
  | 'needs-tls'
  | 'ca-file'
  | 'standby'
  | 'not-durable'
  | 'full'
  | 'damaged'
  | 'foreign'
  | 'schema-name'
  | 'closed'
  | 'other';

/** Other work of the store need not fail in the same way. */
const OF_ONE_TRANSACTION: ReadonlySet<FailureKind> = new Set<FailureKind>(['clash', 'full', 'other']);

export class DatabaseFailure extends ExchangeError {
  readonly kind: FailureKind;

  /**
   * @param where the database, as people know it: product, host and port
   * @param said its error code, or that of the network
   */
  constructor(kind: FailureKind, where: string, said: string) {
    const { retry, zh, en } = FAILURES[kind];
    super({
      code: kind === 'full' ? 'STORE_FULL' : 'STORE',
      retry,
      text: { zh: `消息库：${zh}（${where}，${said}）`, en: `message store: ${en} (${where}, ${said})` },
      details: { reason: kind, said },
    });
    this.kind = kind;
  }

  /** Whatever else waits for the database would fail too. */
  get concernsAll(): boolean {
    return !OF_ONE_TRANSACTION.has(this.kind);
  }
}

const FAILURES: Readonly<Record<FailureKind, Text & { readonly retry: RetryClass }>> = {
  unreachable: {
    retry: 'retry',
    zh: '连不上数据库，或连接已中断：消息未接收。请检查数据库服务、网络和防火墙；恢复后自动继续，无需重新部署',
    en: 'the database cannot be reached, or the connection was lost: nothing was taken over. Check the database service, the network and the firewall; work goes on by itself, without a new deploy',
  },
  'time-out': {
    retry: 'retry',
    zh: '数据库在 30 秒内没有应答：请检查其负载，以及是否有未提交的事务锁住了消息库的表',
    en: 'the database did not answer within 30 seconds: check its load, and whether an open transaction locks the tables of the store',
  },
  clash: {
    retry: 'retry',
    zh: '多个 Node-RED 同时修改同一批消息，多次重试仍未成功；稍后会再试',
    en: 'several Node-RED change the same messages, and a few repetitions did not help; it will be tried again',
  },
  login: {
    retry: 'never',
    zh: '数据库拒绝登录：请检查用户名、密码，以及该用户是否允许从本机登录',
    en: 'the database refuses the login: check user and password, and that the user may log in from this machine',
  },
  database: {
    retry: 'never',
    zh: '没有这个数据库，或该用户不能打开它：请检查库名，必要时请管理员先建库',
    en: 'there is no such database, or the user may not open it: check its name; an administrator may have to create it first',
  },
  rights: {
    retry: 'never',
    zh: '权限不足：该用户须能在自己的架构中建表并读写，请管理员授权',
    en: 'a right is missing: the user must be able to create tables in the schema of the store, and to read and write them',
  },
  tls: {
    retry: 'never',
    zh: 'TLS 加密连接失败：请检查服务器是否启用了 TLS、证书与 CA 文件是否匹配、主机名是否与证书一致',
    en: 'no connection by TLS: check that the server offers it, that certificate and CA file belong together, and that the host is the one in the certificate',
  },
  'clear-text': {
    retry: 'never',
    zh: '要求加密，但服务器不支持加密：未发送密码，已停止。请在服务器上启用加密，或明确选择不加密',
    en: 'encryption was asked for and the server has none: stopped before the password was sent. Switch encryption on at the server, or choose explicitly to do without',
  },
  'needs-tls': {
    retry: 'never',
    zh: '服务器要求加密：请把 TLS 设为“校验证书”或“信任服务器”，老版本服务器选“旧版 TLS”',
    en: 'the server insists on encryption: set TLS to verify or trust, for an old server to legacy',
  },
  'ca-file': {
    retry: 'never',
    zh: '读不到 CA 证书文件：请检查路径和权限',
    en: 'the CA file cannot be read: check its path and permissions',
  },
  standby: {
    retry: 'retry',
    zh: '该数据库只读（例如备机）：请连接主库；切换完成后自动继续',
    en: 'the database is read-only, as a standby is: connect to the primary; work goes on after a switch-over',
  },
  'not-durable': {
    retry: 'never',
    zh: '该数据库的设置会在断电时丢失已提交的数据，不能用作消息库：请按括号中的设置修改数据库',
    en: 'by its settings this database loses committed data in a power cut and cannot keep messages: change the setting in brackets',
  },
  full: {
    retry: 'retry',
    zh: '数据库空间已满：消息未接收，已接收的不受影响。请清理磁盘或扩大数据文件、日志文件',
    en: 'the database has no room left: the message was not taken over; what was taken over before is safe. Free space, or let its data and log files grow',
  },
  damaged: {
    retry: 'never',
    zh: '数据库报告数据损坏或磁盘错误：请停用，由管理员检查并用备份恢复',
    en: 'the database reports damaged data or a failing disk: stop it; an administrator has to check it and restore a backup',
  },
  foreign: {
    retry: 'never',
    zh: '架构中的同名表不是消息库的表，或表已被改动：请为消息库单独准备一个数据库或架构',
    en: 'tables of the same names are not those of a message store, or were changed: give the store a database or a schema of its own',
  },
  'schema-name': {
    retry: 'never',
    zh: '架构名无效：只能用字母、数字和下划线，不以数字开头，最多 41 个字符',
    en: 'no name of a schema: letters, digits and underscores, no digit at the start, 41 characters at most',
  },
  closed: {
    retry: 'retry',
    zh: '消息库正在关闭',
    en: 'the store is being closed',
  },
  other: {
    retry: 'retry',
    zh: '数据库报错，请把括号中的代码告知管理员',
    en: 'the database reports an error: tell its administrator the code in brackets',
  },
};
