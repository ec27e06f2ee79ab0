/** What can go wrong with a hospital's database, in words that say what to do. Never values, never the statement. */
import { type ErrorCode, ExchangeError, type RetryClass, type Text } from '../errors';
import { type Facts, type ServerTrouble, factsOf, troubleOf } from '../sqlserver/driver-error';

export type DatabaseTrouble =
  | ServerTrouble
  /** Data and statements that the database refuses. */
  | 'duplicate'
  | 'too-long'
  | 'reference'
  | 'conversion'
  | 'not-null'
  | 'overflow'
  | 'syntax'
  | 'arguments'
  | 'raised'
  | 'open-transaction'
  /** On our side. */
  | 'no-answer'
  | 'busy'
  | 'ca-file'
  | 'closed'
  | 'cancelled'
  | 'too-many-rows'
  | 'inexact'
  | 'transaction-words';

/** How far a statement had come: `before` the server has seen it, or `under-way`. What rolls back is as `before`. */
export type Stage = 'before' | 'under-way';

/** What came in between, and leaves open whether the statement was carried out. The server's own errors end it. */
const DOUBTFUL: ReadonlySet<DatabaseTrouble> = new Set<DatabaseTrouble>([
  'unreachable',
  'no-answer',
  'closed',
  'cancelled',
]);
const OF_CONNECTION: ReadonlySet<DatabaseTrouble> = new Set<DatabaseTrouble>([
  'unreachable',
  'login',
  'database',
  'tls',
  'clear-text',
  'needs-tls',
  'ca-file',
]);

export class DatabaseFailure extends ExchangeError {
  readonly trouble: DatabaseTrouble;

  /**
   * @param where the database, as people know it
   * @param said the server's error number, or a code
   */
  constructor(trouble: DatabaseTrouble, where: string, said: string | number, stage: Stage = 'before') {
    const { code, retry, zh, en } = TROUBLES[trouble];
    super({
      code,
      retry: stage === 'under-way' && DOUBTFUL.has(trouble) ? 'in-doubt' : retry,
      text: { zh: `数据库：${zh}（${where}，${said}）`, en: `database: ${en} (${where}, ${said})` },
      details: { reason: trouble, ...(typeof said === 'number' ? { number: said } : { said }) },
    });
    this.trouble = trouble;
  }

  /** It concerns the way to the database: no statement can succeed until it is mended. */
  get concernsConnection(): boolean {
    return OF_CONNECTION.has(this.trouble);
  }
}

/**
 * The failure of an error of the SQL Server driver.
 * @param stage how far the statement had come
 * @param complaint number of the server's last complaint about a login, which the driver's error leaves out
 */
export function failureOf(error: unknown, where: string, stage: Stage, complaint?: number): ExchangeError {
  if (error instanceof ExchangeError) return error;
  const facts = factsOf(error);
  const number = facts.codes.includes('ELOGIN') ? (complaint ?? facts.number) : facts.number;
  const trouble = kindOf({ ...facts, number }, error, stage);
  return new DatabaseFailure(trouble, where, number ?? facts.said, stage);
}

function kindOf(facts: Facts, error: unknown, stage: Stage): DatabaseTrouble {
  const { number, codes } = facts;
  if (number !== undefined) {
    const known = REFUSALS.find(([numbers]) => numbers.includes(number));
    if (known) return known[1];
    // Of the user's own RAISERROR, and beyond: messages of the database.
    if (number >= 50_000) return 'raised';
  }
  if (codes.includes('ECANCEL')) return 'cancelled';
  // The pool's error has no code.
  if (error instanceof Error && (error.name === 'TimeoutError' || /acquire a connection/.test(error.message)))
    return 'busy';
  return troubleOf(facts, stage === 'under-way' ? 'no-answer' : 'unreachable');
}

const REFUSALS: readonly (readonly [readonly number[], DatabaseTrouble])[] = [
  [[2601, 2627], 'duplicate'],
  [[2628, 8152], 'too-long'],
  [[547], 'reference'],
  [[241, 242, 245, 257, 295, 296, 8114, 8169], 'conversion'],
  [[515], 'not-null'],
  [[220, 232, 8115, 8134], 'overflow'],
  [[102, 105, 156, 170, 2812], 'syntax'],
  [[137, 201, 214, 8003, 8144, 8145, 8146, 8178], 'arguments'],
  [[266, 3902, 3903], 'open-transaction'],
];

type Meaning = Text & { readonly code: ErrorCode; readonly retry: RetryClass };

const TROUBLES: Readonly<Record<DatabaseTrouble, Meaning>> = {
  unreachable: {
    code: 'DATABASE',
    retry: 'retry',
    zh: '连不上，或连接已中断。请检查数据库服务、网络和防火墙；恢复后自动重连，无需重新部署',
    en: 'cannot be reached, or the connection was lost. Check its service, the network and the firewall; it is connected again by itself, without a new deploy',
  },
  'no-answer': {
    code: 'DATABASE',
    retry: 'retry',
    zh: '在时限内没有应答，语句已取消。请检查数据库负载、锁和索引，或加大时限',
    en: 'no answer in time: the statement was cancelled. Check its load, locks and indexes, or raise the time-out',
  },
  'time-out': {
    code: 'DATABASE',
    retry: 'retry',
    zh: '等待锁超时：有其他事务占用了数据，稍后可重试',
    en: 'a lock was waited for too long: another transaction holds the data; try again later',
  },
  clash: {
    code: 'DATABASE',
    retry: 'retry',
    zh: '与其他事务冲突（死锁），已回滚，可重试',
    en: 'clashed with another transaction (deadlock) and was rolled back; it can be tried again',
  },
  busy: {
    code: 'DATABASE',
    retry: 'retry',
    zh: '连接都在使用中，等待超时：请减少并发，或加大连接数',
    en: 'all connections are in use, and none came free in time: let less run at once, or allow more connections',
  },
  full: {
    code: 'DATABASE',
    retry: 'retry',
    zh: '数据库空间已满：请管理员清理磁盘或扩大数据文件、日志文件',
    en: 'the database has no room left: its administrator has to free space, or let its files grow',
  },
  standby: {
    code: 'DATABASE',
    retry: 'retry',
    zh: '该数据库只读（例如备机），不能写入：请连接主库',
    en: 'the database is read-only, as a standby is: connect to the primary to write',
  },
  damaged: {
    code: 'DATABASE',
    retry: 'never',
    zh: '数据库报告数据损坏或磁盘错误：请管理员检查',
    en: 'the database reports damaged data or a failing disk: its administrator has to look at it',
  },
  login: {
    code: 'CONFIG',
    retry: 'never',
    zh: '拒绝登录：请检查用户名、密码，以及该用户是否允许从本机登录',
    en: 'the login is refused: check user and password, and that the user may log in from this machine',
  },
  database: {
    code: 'CONFIG',
    retry: 'never',
    zh: '没有这个数据库，或该用户不能打开它：请检查库名和权限',
    en: 'there is no such database, or the user may not open it: check its name and the rights',
  },
  tls: {
    code: 'CONFIG',
    retry: 'never',
    zh: 'TLS 加密连接失败：请检查证书与 CA 文件、主机名是否与证书一致；SQL Server 2008 等老版本请选“旧版 TLS”',
    en: 'no connection by TLS: check certificate and CA file, and that the host is the one in the certificate; for an old server such as 2008 choose legacy TLS',
  },
  'clear-text': {
    code: 'CONFIG',
    retry: 'never',
    zh: '要求加密，但服务器不支持加密：未发送密码，已停止。请在服务器上启用加密，或明确选择不加密',
    en: 'encryption was asked for and the server has none: stopped before the password was sent. Switch encryption on at the server, or choose explicitly to do without',
  },
  'needs-tls': {
    code: 'CONFIG',
    retry: 'never',
    zh: '服务器要求加密：请把 TLS 设为“校验证书”或“信任服务器”，老版本服务器选“旧版 TLS”',
    en: 'the server insists on encryption: set TLS to verify or trust, for an old server to legacy',
  },
  'ca-file': {
    code: 'CONFIG',
    retry: 'never',
    zh: '读不到 CA 证书文件：请检查路径和权限',
    en: 'the CA file cannot be read: check its path and permissions',
  },
  'transaction-words': {
    code: 'CONFIG',
    retry: 'never',
    zh: '事务中的语句不能含 SET、USE、BEGIN TRAN、COMMIT、ROLLBACK 或临时表：事务由节点管理',
    en: 'statements of a transaction must not have SET, USE, BEGIN TRAN, COMMIT, ROLLBACK or temporary tables: the node begins and ends it',
  },
  rights: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '权限不足：请管理员授予该用户执行此语句的权限',
    en: 'a right is missing: the administrator has to grant the user what the statement needs',
  },
  foreign: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '语句中的表或列不存在：请核对名称',
    en: 'a table or column of the statement does not exist: check the names',
  },
  duplicate: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '主键或唯一键重复：该记录已经存在',
    en: 'the primary or unique key is there already',
  },
  'too-long': {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '内容超过列的长度（varchar 按字节计，一个汉字 2 字节）',
    en: 'a value is longer than its column (varchar counts bytes, two for each Chinese character)',
  },
  reference: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '违反外键或检查约束：被引用的记录不存在，或值不在允许范围',
    en: 'a foreign key or check constraint is broken: the row referred to is missing, or the value is not allowed',
  },
  conversion: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '值不能转换为列的类型：请核对参数的类型',
    en: 'a value cannot be converted to the type of its column: check the types of the parameters',
  },
  'not-null': {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '必填列没有值',
    en: 'a column that must not be null has no value',
  },
  overflow: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '数值超出列的范围，或除数为零',
    en: 'a number is out of the range of its column, or was divided by zero',
  },
  syntax: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '语句有语法错误，或没有这个存储过程',
    en: 'the statement has a syntax error, or there is no such procedure',
  },
  arguments: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '参数的名称、数量或类型与语句不符：请核对参数列表',
    en: 'names, number or types of the parameters are not those of the statement: check the list',
  },
  raised: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '存储过程或触发器报告了错误：请联系其提供者',
    en: 'a procedure or trigger raised an error: ask who provides it',
  },
  'open-transaction': {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '语句开始的事务没有正确结束，已回滚',
    en: 'a transaction of the statement was not ended properly, and was rolled back',
  },
  other: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '数据库报错，请把括号中的代码告知管理员',
    en: 'the database reports an error: tell its administrator the code in brackets',
  },
  'too-many-rows': {
    code: 'TOO_LARGE',
    retry: 'never',
    zh: '结果行数超过上限：请缩小查询范围，或使用分批输出',
    en: 'more rows than fit into one message: ask for less, or stream them in batches',
  },
  inexact: {
    code: 'DATABASE_REFUSED',
    retry: 'never',
    zh: '数值超过 15 位，驱动读出的末位不可靠：请在语句中用 convert(varchar(40), 列) 取文本',
    en: 'a number has more than 15 digits, of which the driver reads the last ones wrong: select it as text, by convert(varchar(40), column)',
  },
  closed: { code: 'DATABASE', retry: 'retry', zh: '连接正在关闭', en: 'the connection is being closed' },
  cancelled: { code: 'ABORTED', retry: 'retry', zh: '语句已取消', en: 'the statement was cancelled' },
};
