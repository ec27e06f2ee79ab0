-- RIS 撤销：删除第 1 至 4 步建立的一切
-- RIS: takes back everything that steps 1 to 4 have made
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 先停用 Node-RED 中的轮询节点。医院自己的数据不受影响；领取与回执列里的记录会被删除。
IF EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_exam')) DROP TRIGGER dbo.tr_exchange_exam;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_exam')) DROP PROCEDURE dbo.usp_exchange_ack_exam;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_exam')) DROP PROCEDURE dbo.usp_exchange_fetch_exam;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_exam_claim')) DROP VIEW dbo.v_exchange_exam_claim;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_exam_report')) DROP VIEW dbo.v_exchange_exam_report;
GO

-- 【改】dbo.RIS_JC
IF EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'IX_RIS_JC_upload')
  DROP INDEX IX_RIS_JC_upload ON dbo.RIS_JC;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'DF_RIS_JC_upload_status')
  ALTER TABLE dbo.RIS_JC DROP CONSTRAINT DF_RIS_JC_upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'DF_RIS_JC_upload_attempts')
  ALTER TABLE dbo.RIS_JC DROP CONSTRAINT DF_RIS_JC_upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_status')
  ALTER TABLE dbo.RIS_JC DROP COLUMN upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_owner')
  ALTER TABLE dbo.RIS_JC DROP COLUMN upload_owner;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_lease')
  ALTER TABLE dbo.RIS_JC DROP COLUMN upload_lease;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_attempts')
  ALTER TABLE dbo.RIS_JC DROP COLUMN upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_message')
  ALTER TABLE dbo.RIS_JC DROP COLUMN upload_message;
GO
