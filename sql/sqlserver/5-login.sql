-- 第 5 步：专用登录名和最小权限。它不能读医院的表，只能用上面各步建立的视图和过程
-- Step 5: a login of its own with the least rights: the views and procedures of the steps before, and no table
-- 由有 securityadmin 权限的管理员在每个业务库中运行一次；建立了新的视图或过程后再运行一次。可重复运行。SQL Server 2008 及以上。
-- 视图、过程与医院的表须是同一所有者（通常是 dbo），否则还需要表的权限。
DECLARE @password nvarchar(128);
SET @password = N'【改】'; -- 【改】本院自己的强密码：填入 Node-RED 后从本文件中删除
IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'exchange_login')
BEGIN
  IF @password = N'【改】'
    RAISERROR (N'请先在脚本中设置密码 @password，再运行一次 / set @password in this script first', 16, 1);
  ELSE
  BEGIN
    DECLARE @statement nvarchar(600);
    SET @statement = N'CREATE LOGIN exchange_login WITH PASSWORD = N' + QUOTENAME(@password, '''') + N', CHECK_POLICY = ON';
    EXEC (@statement);
  END
END
GO
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'exchange_login')
   AND EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'exchange_login')
  CREATE USER exchange_login FOR LOGIN exchange_login;
GO
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'exchange_role' AND type = 'R')
  CREATE ROLE exchange_role;
GO
IF NOT EXISTS (SELECT 1 FROM sys.database_role_members WHERE role_principal_id = USER_ID(N'exchange_role')
                  AND member_principal_id = USER_ID(N'exchange_login'))
   AND USER_ID(N'exchange_login') IS NOT NULL
  EXEC sp_addrolemember N'exchange_role', N'exchange_login';
GO
-- “按更新时间”方式：只读
IF OBJECT_ID(N'dbo.v_exchange_lab_report') IS NOT NULL GRANT SELECT ON dbo.v_exchange_lab_report TO exchange_role;
IF OBJECT_ID(N'dbo.v_exchange_lab_item') IS NOT NULL GRANT SELECT ON dbo.v_exchange_lab_item TO exchange_role;
IF OBJECT_ID(N'dbo.v_exchange_lab_flat') IS NOT NULL GRANT SELECT ON dbo.v_exchange_lab_flat TO exchange_role;
IF OBJECT_ID(N'dbo.v_exchange_exam_report') IS NOT NULL GRANT SELECT ON dbo.v_exchange_exam_report TO exchange_role;
IF OBJECT_ID(N'dbo.v_exchange_order') IS NOT NULL GRANT SELECT ON dbo.v_exchange_order TO exchange_role;
IF OBJECT_ID(N'dbo.v_exchange_booking') IS NOT NULL GRANT SELECT ON dbo.v_exchange_booking TO exchange_role;
GO
-- “状态标记”方式：还能改领取与回执列，且只有这几列
IF OBJECT_ID(N'dbo.v_exchange_lab_claim') IS NOT NULL
BEGIN
  GRANT SELECT ON dbo.v_exchange_lab_claim TO exchange_role;
  GRANT UPDATE ON dbo.v_exchange_lab_claim (upload_status, upload_owner, upload_lease, upload_attempts, upload_message) TO exchange_role;
END
IF OBJECT_ID(N'dbo.v_exchange_exam_claim') IS NOT NULL
BEGIN
  GRANT SELECT ON dbo.v_exchange_exam_claim TO exchange_role;
  GRANT UPDATE ON dbo.v_exchange_exam_claim (upload_status, upload_owner, upload_lease, upload_attempts, upload_message) TO exchange_role;
END
IF OBJECT_ID(N'dbo.v_exchange_order_claim') IS NOT NULL
BEGIN
  GRANT SELECT ON dbo.v_exchange_order_claim TO exchange_role;
  GRANT UPDATE ON dbo.v_exchange_order_claim (upload_status, upload_owner, upload_lease, upload_attempts, upload_message) TO exchange_role;
END
IF OBJECT_ID(N'dbo.v_exchange_booking_claim') IS NOT NULL
BEGIN
  GRANT SELECT ON dbo.v_exchange_booking_claim TO exchange_role;
  GRANT UPDATE ON dbo.v_exchange_booking_claim (upload_status, upload_owner, upload_lease, upload_attempts, upload_message) TO exchange_role;
END
GO
-- “存储过程”方式：只能执行过程
IF OBJECT_ID(N'dbo.usp_exchange_fetch_lab') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_fetch_lab TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_ack_lab') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_ack_lab TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_fetch_exam') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_fetch_exam TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_ack_exam') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_ack_exam TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_fetch_order') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_fetch_order TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_ack_order') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_ack_order TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_fetch_booking') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_fetch_booking TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_ack_booking') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_ack_booking TO exchange_role;
GO
-- 预约服务、报告文件：只能执行过程
IF OBJECT_ID(N'dbo.usp_exchange_exam_items') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_exam_items TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_signal_sources') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_signal_sources TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_medical_appoint') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_medical_appoint TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_cancel_appoint') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_cancel_appoint TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_receipt_pdf') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_receipt_pdf TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_receipt_rows') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_receipt_rows TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_item_info') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_item_info TO exchange_role;
IF OBJECT_ID(N'dbo.usp_exchange_report_pdf') IS NOT NULL GRANT EXECUTE ON dbo.usp_exchange_report_pdf TO exchange_role;
GO
