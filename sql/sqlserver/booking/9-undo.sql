-- 预约服务与报告文件撤销：删除第 1、2 步建立的过程和函数
-- Booking and report files: takes back what steps 1 and 2 have made
-- 【改】无需修改。先停用流程“预约服务”。可重复运行。SQL Server 2008 及以上。
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_exam_items')) DROP PROCEDURE dbo.usp_exchange_exam_items;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_signal_sources')) DROP PROCEDURE dbo.usp_exchange_signal_sources;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_medical_appoint')) DROP PROCEDURE dbo.usp_exchange_medical_appoint;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_cancel_appoint')) DROP PROCEDURE dbo.usp_exchange_cancel_appoint;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_receipt_pdf')) DROP PROCEDURE dbo.usp_exchange_receipt_pdf;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_receipt_rows')) DROP PROCEDURE dbo.usp_exchange_receipt_rows;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_item_info')) DROP PROCEDURE dbo.usp_exchange_item_info;
GO
IF EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_report_pdf')) DROP PROCEDURE dbo.usp_exchange_report_pdf;
GO
IF EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_receipt_groups')) DROP FUNCTION dbo.ufn_exchange_receipt_groups;
GO
IF EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_named_orders')) DROP FUNCTION dbo.ufn_exchange_named_orders;
GO
IF EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_split')) DROP FUNCTION dbo.ufn_exchange_split;
GO
