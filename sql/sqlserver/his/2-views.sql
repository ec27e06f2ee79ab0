-- HIS 第 2 步：开单与预约的视图，列名就是互联互通规范 3.3 的字段名，billing-sync 节点直接识别
-- HIS step 2: views over orders and bookings, in the field names of section 3.3 that billing-sync understands
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】dbo.YJ_SQD 医技申请单，dbo.YJ_YYB 预约表，dbo.YJ_JCXM 检查项目，dbo.BRXX 病人信息，以及 AS 左边的列名。本院没有的列写 NULL。
-- 机构代码 OrganCode 与 ClientType 由节点填写，这里不需要。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 开单通知 UpdateBillingInfo（3.3.1），一张申请单一行
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_order'))
  EXEC (N'CREATE VIEW dbo.v_exchange_order AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_order
AS
SELECT s.SQDH AS Hiskey, -- 单据号：轮询的主键列，不上传
       s.XGSJ AS last_update_dtime, -- 最后修改时间：轮询的时间列，不上传
       b.SFZH AS IdNo, -- 身份证号
       b.KH AS SerialNo, -- 社保卡号
       CONVERT(char(10), s.KDSJ, 120) AS StartDate, -- 开单开始日期
       CONVERT(char(10), s.KDSJ, 120) AS EndDate, -- 开单结束日期
       s.YQ AS AreaCode, -- 院区
       b.BRLY AS PatientType -- 患者类型：1 门诊，3 体检
  FROM dbo.YJ_SQD AS s
  LEFT JOIN dbo.BRXX AS b ON b.BRID = s.BRID;
GO
-- 预约信息 SyncAppointData（3.3.2），一张申请单一行
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_booking'))
  EXEC (N'CREATE VIEW dbo.v_exchange_booking AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_booking
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
       b.BRLY AS PatientType -- 患者类型：1 门诊，3 体检
  FROM dbo.YJ_YYB AS y
 INNER JOIN dbo.YJ_SQD AS s ON s.SQDH = y.SQDH
  LEFT JOIN dbo.BRXX AS b ON b.BRID = s.BRID
  LEFT JOIN dbo.YJ_JCXM AS x ON x.XMDM = s.XMDM;
GO
