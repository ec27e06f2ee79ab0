-- LIS 撤销：删除第 1 至 4 步建立的一切
-- LIS: takes back everything that steps 1 to 4 have made
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 先停用 Node-RED 中的轮询节点。医院自己的数据不受影响；领取与回执列里的记录会被删除。
IF EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_lab')) DROP TRIGGER dbo.tr_exchange_lab;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_lab')) DROP PROCEDURE dbo.usp_exchange_ack_lab;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_lab')) DROP PROCEDURE dbo.usp_exchange_fetch_lab;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_claim')) DROP VIEW dbo.v_exchange_lab_claim;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_flat')) DROP VIEW dbo.v_exchange_lab_flat;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_item')) DROP VIEW dbo.v_exchange_lab_item;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_report')) DROP VIEW dbo.v_exchange_lab_report;
GO

-- 【改】dbo.LIS_BGD
IF EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'IX_LIS_BGD_upload')
  DROP INDEX IX_LIS_BGD_upload ON dbo.LIS_BGD;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'DF_LIS_BGD_upload_status')
  ALTER TABLE dbo.LIS_BGD DROP CONSTRAINT DF_LIS_BGD_upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'DF_LIS_BGD_upload_attempts')
  ALTER TABLE dbo.LIS_BGD DROP CONSTRAINT DF_LIS_BGD_upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'upload_status')
  ALTER TABLE dbo.LIS_BGD DROP COLUMN upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'upload_owner')
  ALTER TABLE dbo.LIS_BGD DROP COLUMN upload_owner;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'upload_lease')
  ALTER TABLE dbo.LIS_BGD DROP COLUMN upload_lease;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'upload_attempts')
  ALTER TABLE dbo.LIS_BGD DROP COLUMN upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.LIS_BGD') AND name = N'upload_message')
  ALTER TABLE dbo.LIS_BGD DROP COLUMN upload_message;
GO
