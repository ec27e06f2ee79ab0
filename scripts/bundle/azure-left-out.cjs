// Stands for an Azure package that the offline installation leaves out: whatever of it is used says so.
'use strict';

function leftOut() {
  throw new Error(
    '离线安装包不含 Azure 身份验证：请使用 SQL Server 登录名和密码，或联网用 npm 安装。' +
      ' The offline installation has no Azure authentication: use a login of SQL Server, or install from a registry.',
  );
}

module.exports = new Proxy(
  {},
  {
    get: (_target, name) =>
      typeof name === 'symbol' || name === '__esModule' || name === 'then' ? undefined : leftOut,
  },
);
