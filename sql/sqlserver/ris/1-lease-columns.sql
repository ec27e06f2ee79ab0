-- RIS 第 1 步（可选）：在检查表上加“领取与回执”列，供轮询的“状态标记”和“存储过程”方式使用
-- RIS step 1 (optional): lease and acknowledgement columns on the exam table, for claiming and for the procedures
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】dbo.RIS_JC 检查，BGDH 报告单号（唯一），SHSJ 审核时间。
-- 加列只改元数据；建索引会短时锁表，请在业务低峰运行。若有程序向此表 INSERT 时不写列名，请不要加列，改用“按更新时间”方式。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 状态：0 待上传，1 已领取，2 已完成，3 被拒绝；NULL 不上传（加列之前的历史数据）
IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_status')
  ALTER TABLE dbo.RIS_JC ADD upload_status int NULL CONSTRAINT DF_RIS_JC_upload_status DEFAULT (0);
GO
-- 领取者：哪个 Node-RED 节点领走了这一行
IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_owner')
  ALTER TABLE dbo.RIS_JC ADD upload_owner varchar(64) NULL;
GO
-- 领取的有效期：过期未回执的行会被重新领取，不会丢
IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_lease')
  ALTER TABLE dbo.RIS_JC ADD upload_lease datetime NULL;
GO
-- 领取次数
IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_attempts')
  ALTER TABLE dbo.RIS_JC ADD upload_attempts int NULL CONSTRAINT DF_RIS_JC_upload_attempts DEFAULT (0);
GO
-- 被拒绝的原因（不含病人信息）
IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'upload_message')
  ALTER TABLE dbo.RIS_JC ADD upload_message nvarchar(400) NULL;
GO

-- 轮询按状态查找，没有索引会扫描全表。不用带条件的索引：写入此表的老程序的 SET 选项可能不符合它的要求
IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'dbo.RIS_JC') AND name = N'IX_RIS_JC_upload')
  CREATE INDEX IX_RIS_JC_upload ON dbo.RIS_JC (upload_status, BGDH);
GO

-- 已有的数据：审核时间早于 @since 的不上传（保持 NULL），其余改为待上传；每批 1000 行，可随时中断后重跑
DECLARE @since datetime;
SET @since = '2030-01-01'; -- 【改】从哪一天起上传
WHILE 1 = 1
BEGIN
  UPDATE TOP (1000) dbo.RIS_JC SET upload_status = 0
   WHERE upload_status IS NULL AND (SHSJ IS NULL OR SHSJ >= @since);
  IF @@ROWCOUNT = 0 BREAK;
END
GO
