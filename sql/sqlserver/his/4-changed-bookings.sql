-- HIS 第 4 步（需先做第 1 步）：预约有变化时，触发器把它改回“待上传”
-- HIS step 4 (after step 1): a trigger sets a changed booking back to waiting
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 预约从预约、签到到报告要上传多次：除非 HIS 自己在每次变化时把 upload_status 改为 0，否则必须运行本脚本。
-- 【改】dbo.YJ_YYB，SQDH，YYZT 预约状态，YYRQ 预约日期，KSSJ 开始时间。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
IF NOT EXISTS (SELECT 1 FROM sys.triggers WHERE object_id = OBJECT_ID(N'dbo.tr_exchange_booking'))
  EXEC (N'CREATE TRIGGER dbo.tr_exchange_booking ON dbo.YJ_YYB AFTER UPDATE AS RETURN');
GO
ALTER TRIGGER dbo.tr_exchange_booking ON dbo.YJ_YYB AFTER UPDATE
AS
BEGIN
  SET NOCOUNT ON;
  IF UPDATE(upload_status) RETURN; -- 领取与回执自己的更新
  UPDATE r
     SET r.upload_status = 0
    FROM dbo.YJ_YYB AS r
   INNER JOIN inserted AS i ON i.SQDH = r.SQDH
   INNER JOIN deleted AS d ON d.SQDH = i.SQDH
   WHERE r.upload_status IN (1, 2, 3)
     AND (ISNULL(CONVERT(varchar(40), i.YYZT, 121), '') <> ISNULL(CONVERT(varchar(40), d.YYZT, 121), '')
          OR ISNULL(CONVERT(varchar(40), i.YYRQ, 121), '') <> ISNULL(CONVERT(varchar(40), d.YYRQ, 121), '')
          OR ISNULL(CONVERT(varchar(40), i.KSSJ, 121), '') <> ISNULL(CONVERT(varchar(40), d.KSSJ, 121), ''));
END
GO
