-- HIS 撤销：删除第 1 至 4 步建立的一切
-- HIS: takes back everything that steps 1 to 4 have made
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 先停用 Node-RED 中的轮询节点。医院自己的数据不受影响；领取与回执列里的记录会被删除。
IF EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_booking')) DROP TRIGGER dbo.tr_exchange_booking;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_booking')) DROP PROCEDURE dbo.usp_exchange_ack_booking;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_booking')) DROP PROCEDURE dbo.usp_exchange_fetch_booking;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_order')) DROP PROCEDURE dbo.usp_exchange_ack_order;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_order')) DROP PROCEDURE dbo.usp_exchange_fetch_order;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_booking_claim')) DROP VIEW dbo.v_exchange_booking_claim;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_order_claim')) DROP VIEW dbo.v_exchange_order_claim;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_booking')) DROP VIEW dbo.v_exchange_booking;
GO
IF EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_order')) DROP VIEW dbo.v_exchange_order;
GO

-- 【改】dbo.YJ_YYB
IF EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'IX_YJ_YYB_upload')
  DROP INDEX IX_YJ_YYB_upload ON dbo.YJ_YYB;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'DF_YJ_YYB_upload_status')
  ALTER TABLE dbo.YJ_YYB DROP CONSTRAINT DF_YJ_YYB_upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'DF_YJ_YYB_upload_attempts')
  ALTER TABLE dbo.YJ_YYB DROP CONSTRAINT DF_YJ_YYB_upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'upload_status')
  ALTER TABLE dbo.YJ_YYB DROP COLUMN upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'upload_owner')
  ALTER TABLE dbo.YJ_YYB DROP COLUMN upload_owner;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'upload_lease')
  ALTER TABLE dbo.YJ_YYB DROP COLUMN upload_lease;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'upload_attempts')
  ALTER TABLE dbo.YJ_YYB DROP COLUMN upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_YYB') AND name = N'upload_message')
  ALTER TABLE dbo.YJ_YYB DROP COLUMN upload_message;
GO

-- 【改】dbo.YJ_SQD
IF EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'IX_YJ_SQD_upload')
  DROP INDEX IX_YJ_SQD_upload ON dbo.YJ_SQD;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'DF_YJ_SQD_upload_status')
  ALTER TABLE dbo.YJ_SQD DROP CONSTRAINT DF_YJ_SQD_upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'DF_YJ_SQD_upload_attempts')
  ALTER TABLE dbo.YJ_SQD DROP CONSTRAINT DF_YJ_SQD_upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'upload_status')
  ALTER TABLE dbo.YJ_SQD DROP COLUMN upload_status;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'upload_owner')
  ALTER TABLE dbo.YJ_SQD DROP COLUMN upload_owner;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'upload_lease')
  ALTER TABLE dbo.YJ_SQD DROP COLUMN upload_lease;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'upload_attempts')
  ALTER TABLE dbo.YJ_SQD DROP COLUMN upload_attempts;
GO
IF EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.YJ_SQD') AND name = N'upload_message')
  ALTER TABLE dbo.YJ_SQD DROP COLUMN upload_message;
GO
