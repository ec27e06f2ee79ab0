-- 报告文件：检查报告的 PDF（规范 5.1.5），由流程“检查报告与影像”中的“接医院数据库：报告 PDF”调用
-- Report files: the PDF of an exam report (5.1.5)
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。在 RIS 所在的库运行。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 已审核检查的报告文件，列名 pdf；没有时不返回行
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_report_pdf'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_report_pdf AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_report_pdf
  @report_form_no varchar(64)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT TOP (1) z.BGNR AS pdf -- 【改】报告文件，varbinary(max)
    FROM dbo.RIS_BGWJ AS z
   INNER JOIN dbo.RIS_JC AS r ON r.BGDH = z.BGDH
   WHERE z.BGDH = @report_form_no AND r.SHSJ IS NOT NULL -- 【改】只给已审核的
   ORDER BY z.SCSJ DESC;
END
GO
