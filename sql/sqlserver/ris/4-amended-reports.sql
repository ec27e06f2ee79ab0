-- RIS 第 4 步（需先做第 1 步）：检查的状态或报告有变化时，触发器把它改回“待上传”
-- RIS step 4 (after step 1): a trigger sets a changed exam back to waiting
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 检查从登记到审核要上传多次：除非 RIS 自己在每次变化时把 upload_status 改为 0，否则必须运行本脚本。
-- 【改】dbo.RIS_JC，BGDH，XGSJ 最后修改时间，JCZT 检查状态。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
IF NOT EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_exam'))
  EXEC (N'CREATE TRIGGER dbo.tr_exchange_exam ON dbo.RIS_JC AFTER UPDATE AS RETURN');
GO
ALTER TRIGGER dbo.tr_exchange_exam ON dbo.RIS_JC AFTER UPDATE
AS
BEGIN
  SET NOCOUNT ON;
  IF UPDATE(upload_status) RETURN; -- 领取与回执自己的更新
  UPDATE r
     SET r.upload_status = 0
    FROM dbo.RIS_JC AS r
   INNER JOIN inserted AS i ON i.BGDH = r.BGDH
   INNER JOIN deleted AS d ON d.BGDH = i.BGDH
   WHERE r.upload_status IN (1, 2, 3)
     AND (ISNULL(CONVERT(varchar(40), i.XGSJ, 121), '') <> ISNULL(CONVERT(varchar(40), d.XGSJ, 121), '')
          OR ISNULL(CONVERT(varchar(40), i.JCZT, 121), '') <> ISNULL(CONVERT(varchar(40), d.JCZT, 121), ''));
END
GO
