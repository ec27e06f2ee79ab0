-- HIS 第 3 步（可选，需先做第 1 步）：“状态标记”方式的视图，和“存储过程”方式的过程
-- HIS step 3 (optional, after step 1): the views for polling by status, and the pairs of procedures
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】与第 2 步相同的表和列，SQDH 的类型。两种方式任选其一，不要同时用。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 开单通知加上领取与回执列：轮询的来源，主键列 Hiskey
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_order_claim'))
  EXEC (N'CREATE VIEW dbo.v_exchange_order_claim AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_order_claim
AS
SELECT s.SQDH AS Hiskey, -- 单据号：轮询的主键列，不上传
       s.XGSJ AS last_update_dtime, -- 最后修改时间：轮询的时间列，不上传
       b.SFZH AS IdNo, -- 身份证号
       b.KH AS SerialNo, -- 社保卡号
       CONVERT(char(10), s.KDSJ, 120) AS StartDate, -- 开单开始日期
       CONVERT(char(10), s.KDSJ, 120) AS EndDate, -- 开单结束日期
       s.YQ AS AreaCode, -- 院区
       b.BRLY AS PatientType, -- 患者类型：1 门诊，3 体检
       s.upload_status AS upload_status, -- 领取与回执，不上传
       s.upload_owner AS upload_owner, -- 领取与回执，不上传
       s.upload_lease AS upload_lease, -- 领取与回执，不上传
       s.upload_attempts AS upload_attempts, -- 领取与回执，不上传
       s.upload_message AS upload_message -- 领取与回执，不上传
  FROM dbo.YJ_SQD AS s
  LEFT JOIN dbo.BRXX AS b ON b.BRID = s.BRID;
GO
-- 预约信息加上领取与回执列：轮询的来源，主键列 HisKey
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_booking_claim'))
  EXEC (N'CREATE VIEW dbo.v_exchange_booking_claim AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_booking_claim
AS
SELECT y.SQDH AS HisKey, -- 单据号：轮询的主键列
       y.XGSJ AS last_update_dtime, -- 最后修改时间：轮询的时间列，不上传
       b.KH AS SocialNo, -- 社保卡号
       b.KH AS SerialNo, -- 流水号
       b.BRID AS PatientId, -- 患者编号
       s.KDKS AS BillingDeptCode, -- 开单科室编码
       s.KSMC AS BillingDeptName, -- 开单科室名称
       s.YSGH AS BillingDocCode, -- 开单医生编码
       s.YSXM AS BillingDocName, -- 开单医生名称
       CONVERT(char(19), s.KDSJ, 120) AS BillingDate, -- 开单时间
       x.XMBH AS InspectionItemId, -- 检查项目编号
       x.XMDM AS InspectionItemCode, -- 检查项目编码
       x.XMMC AS InspectionItemName, -- 检查项目名称
       s.FZID AS SubitemGroupId, -- 子项分组编号
       s.FZXH AS SubitemGroupSort, -- 子项分组排序号
       y.YYID AS OrderId, -- 预约表编号
       y.ZYID AS AppointmentId, -- 预约编号
       y.YYZT AS AppointmentStatus, -- 预约状态：1 已预约 … 7 已报告，也可以是这些文字；未预约的行不上传
       y.LSBZ AS AppointmentFlag, -- 临时标志
       CONVERT(char(10), y.YYRQ, 120) + ' ' + y.KSSJ + '~' + y.JSSJ AS AppointmentTime, -- 预约时间，如 2030-01-02 17:00~17:30
       x.XMMS AS Description, -- 项目描述
       x.ZYSX AS PartNotes, -- 注意事项
       b.BRLY AS PatientType, -- 患者类型：1 门诊，3 体检
       y.upload_status AS upload_status, -- 领取与回执，不上传
       y.upload_owner AS upload_owner, -- 领取与回执，不上传
       y.upload_lease AS upload_lease, -- 领取与回执，不上传
       y.upload_attempts AS upload_attempts, -- 领取与回执，不上传
       y.upload_message AS upload_message -- 领取与回执，不上传
  FROM dbo.YJ_YYB AS y
 INNER JOIN dbo.YJ_SQD AS s ON s.SQDH = y.SQDH
  LEFT JOIN dbo.BRXX AS b ON b.BRID = s.BRID
  LEFT JOIN dbo.YJ_JCXM AS x ON x.XMDM = s.XMDM;
GO
-- 一、开单通知
-- 取：领取最多 @limit 行，有效期 @lease_seconds 秒。先写入表变量：表上有触发器时 OUTPUT 不能直接返回（错误 334）
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_order'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_fetch_order AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_fetch_order
  @limit int,
  @owner varchar(64),
  @lease_seconds int
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @claimed TABLE (SQDH varchar(64) NOT NULL PRIMARY KEY); -- 【改】类型与排序规则须与表中的主键列相同
  UPDATE c
     SET c.upload_status = 1,
         c.upload_owner = @owner,
         c.upload_lease = DATEADD(second, @lease_seconds, GETDATE()),
         c.upload_attempts = ISNULL(c.upload_attempts, 0) + 1
  OUTPUT inserted.SQDH INTO @claimed (SQDH)
    FROM (SELECT TOP (@limit) *
            FROM dbo.YJ_SQD WITH (UPDLOCK, ROWLOCK, READPAST)
           WHERE (upload_status = 0 OR (upload_status = 1 AND upload_lease < GETDATE()))
           ORDER BY KDSJ, SQDH) AS c;
  SELECT v.*
    FROM dbo.v_exchange_order AS v
   INNER JOIN @claimed AS k ON k.SQDH = v.Hiskey
   ORDER BY v.Hiskey;
END
GO
-- 回执：@state 2 已完成，3 被拒绝。领取后又被修改过的行（@version 不同）改回 0，会再次上传
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_order'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_ack_order AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_ack_order
  @Hiskey varchar(64),
  @owner varchar(64),
  @state int,
  @message nvarchar(400) = NULL,
  @version varchar(40) = '' -- 轮询设置了“版本列”时是领取时的 last_update_dtime
AS
BEGIN
  SET NOCOUNT ON;
  IF LEN(@version) = 19 SET @version = @version + '.000';
  UPDATE dbo.YJ_SQD
     SET upload_status = CASE WHEN ISNULL(@version, '') = '' OR @version = CONVERT(varchar(23), XGSJ, 121) THEN @state ELSE 0 END,
         upload_lease = NULL,
         upload_message = @message
   WHERE SQDH = @Hiskey
     AND upload_status = 1
     AND upload_owner = @owner; -- 已过期并被别人领走的，不能由原来的领取者回执
END
GO
-- 二、预约信息
-- 取：领取最多 @limit 行，有效期 @lease_seconds 秒。先写入表变量：表上有触发器时 OUTPUT 不能直接返回（错误 334）
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_booking'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_fetch_booking AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_fetch_booking
  @limit int,
  @owner varchar(64),
  @lease_seconds int
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @claimed TABLE (SQDH varchar(64) NOT NULL PRIMARY KEY); -- 【改】类型与排序规则须与表中的主键列相同
  UPDATE c
     SET c.upload_status = 1,
         c.upload_owner = @owner,
         c.upload_lease = DATEADD(second, @lease_seconds, GETDATE()),
         c.upload_attempts = ISNULL(c.upload_attempts, 0) + 1
  OUTPUT inserted.SQDH INTO @claimed (SQDH)
    FROM (SELECT TOP (@limit) *
            FROM dbo.YJ_YYB WITH (UPDLOCK, ROWLOCK, READPAST)
           WHERE (upload_status = 0 OR (upload_status = 1 AND upload_lease < GETDATE()))
           ORDER BY XGSJ, SQDH) AS c;
  SELECT v.*
    FROM dbo.v_exchange_booking AS v
   INNER JOIN @claimed AS k ON k.SQDH = v.HisKey
   ORDER BY v.HisKey;
END
GO
-- 回执：@state 2 已完成，3 被拒绝。领取后又被修改过的行（@version 不同）改回 0，会再次上传
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_booking'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_ack_booking AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_ack_booking
  @HisKey varchar(64),
  @owner varchar(64),
  @state int,
  @message nvarchar(400) = NULL,
  @version varchar(40) = '' -- 轮询设置了“版本列”时是领取时的 last_update_dtime
AS
BEGIN
  SET NOCOUNT ON;
  IF LEN(@version) = 19 SET @version = @version + '.000';
  UPDATE dbo.YJ_YYB
     SET upload_status = CASE WHEN ISNULL(@version, '') = '' OR @version = CONVERT(varchar(23), XGSJ, 121) THEN @state ELSE 0 END,
         upload_lease = NULL,
         upload_message = @message
   WHERE SQDH = @HisKey
     AND upload_status = 1
     AND upload_owner = @owner; -- 已过期并被别人领走的，不能由原来的领取者回执
END
GO
