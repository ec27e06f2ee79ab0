-- 撤销第 5 步：在每个业务库中运行一次；最后一个库里同时删除登录名
-- Undo of step 5: once in each database; in the last one, the login too
-- 可重复运行。SQL Server 2008 及以上。
IF EXISTS (SELECT 1 FROM sys.database_role_members WHERE role_principal_id = USER_ID(N'exchange_role')
              AND member_principal_id = USER_ID(N'exchange_login'))
  EXEC sp_droprolemember N'exchange_role', N'exchange_login';
GO
IF EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'exchange_role' AND type = 'R')
  DROP ROLE exchange_role;
GO
IF EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'exchange_login')
  DROP USER exchange_login;
GO
DECLARE @last_database bit;
SET @last_database = 0; -- 【改】这是最后一个库时改为 1
IF @last_database = 1 AND EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'exchange_login')
  DROP LOGIN exchange_login;
GO
