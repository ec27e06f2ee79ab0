-- LIS 第 4 步（可选，需先做第 1 步）：报告上传后又被修改时，触发器把它改回“待上传”
-- LIS step 4 (optional, after step 1): a trigger sets an amended report back to waiting
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- LIS 自己能在修改报告时把 upload_status 改为 0 的，不需要本脚本；两者都没有，修改过的报告不会再次上传。
-- 【改】dbo.LIS_BGD，BGDH，XGSJ 最后修改时间。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
IF NOT EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_lab'))
  EXEC (N'CREATE TRIGGER dbo.tr_exchange_lab ON dbo.LIS_BGD AFTER UPDATE AS RETURN');
GO
ALTER TRIGGER dbo.tr_exchange_lab ON dbo.LIS_BGD AFTER UPDATE
AS
BEGIN
  SET NOCOUNT ON;
  IF UPDATE(upload_status) RETURN; -- 领取与回执自己的更新
  UPDATE r
     SET r.upload_status = 0
    FROM dbo.LIS_BGD AS r
   INNER JOIN inserted AS i ON i.BGDH = r.BGDH
   INNER JOIN deleted AS d ON d.BGDH = i.BGDH
   WHERE r.upload_status IN (1, 2, 3)
     AND (ISNULL(CONVERT(varchar(40), i.XGSJ, 121), '') <> ISNULL(CONVERT(varchar(40), d.XGSJ, 121), ''));
END
GO
