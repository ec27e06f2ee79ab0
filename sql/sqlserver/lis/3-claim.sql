-- LIS 第 3 步（可选，需先做第 1 步）：“状态标记”方式的视图，和“存储过程”方式的一对过程
-- LIS step 3 (optional, after step 1): the view for polling by status, and the pair of procedures
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】与第 2 步相同的表和列，BGDH 的类型。两种方式任选其一，不要同时用。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 第 2 步的报告主表加上领取与回执列：轮询的来源，主键列 report_form_no，子表用 v_exchange_lab_item
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_claim'))
  EXEC (N'CREATE VIEW dbo.v_exchange_lab_claim AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_lab_claim
AS
SELECT r.XGSJ AS last_update_dtime, -- 最后修改时间：任何修改都要更新它，“按更新时间”方式靠它发现修改
       r.SQDH AS apply_form_no, -- 检验申请单号
       r.BGDH AS report_form_no, -- 检验报告单号
       r.BRID AS patient_id, -- 病人 ID
       r.BRLY AS event_type, -- 事件类型，平台代码 STD_EVENT_TYPE
       b.MZH AS event_no, -- 门诊号或住院号
       b.SFZH AS id_no, -- 身份证号
       b.KH AS card_no, -- 社保卡号
       CONVERT(char(10), r.SHSJ, 120) AS retrieve_date, -- 归档检索日期
       r.FLDM AS class_code, -- 报告分类的 LOINC 编码
       r.FLMC AS class_name, -- 报告分类的标准名称
       r.BDMC AS class_local_name, -- 报告分类的本地名称
       r.BGBT AS report_title, -- 报告标题
       r.BGSJ AS effective_dtime, -- 文档创建时间
       b.XM AS name, -- 姓名
       b.XB AS sex_code, -- 性别编码，平台代码 STD_SEX
       CASE b.XB WHEN '1' THEN N'男' WHEN '2' THEN N'女' ELSE N'' END AS sex_name, -- 性别
       r.BGGH AS author_id, -- 报告人工号
       r.BGSJ AS author_dtime, -- 报告时间
       r.BGXM AS author_name, -- 报告人姓名
       r.SHGH AS authenticator_id, -- 审核人工号
       r.SHSJ AS authenticator_dtime, -- 审核时间
       r.SHXM AS authenticator_name, -- 审核人姓名
       r.KDYS AS participant_id, -- 申请医生工号
       r.KDSJ AS participant_dtime, -- 申请时间
       r.YSXM AS participant_name, -- 申请医生姓名
       r.KDKS AS participant_dept, -- 申请科室
       r.YZH AS order_id, -- 医嘱号
       r.BBBH AS specimen_id, -- 标本编号
       r.BBLX AS specimen_class_code, -- 标本类型
       r.KSMC AS performer_dept_name, -- 执行科室
       r.JYYS AS performer_doctor, -- 执行医生
       r.JYSJ AS performer_dtime, -- 执行时间
       r.YQMC AS playing_device, -- 检验设备名称
       r.JSSJ AS create_time, -- 创建时间
       r.upload_status AS upload_status, -- 领取与回执，不上传
       r.upload_owner AS upload_owner, -- 领取与回执，不上传
       r.upload_lease AS upload_lease, -- 领取与回执，不上传
       r.upload_attempts AS upload_attempts, -- 领取与回执，不上传
       r.upload_message AS upload_message -- 领取与回执，不上传
  FROM dbo.LIS_BGD AS r
  LEFT JOIN dbo.BRXX AS b ON b.BRID = r.BRID
 WHERE r.SHSJ IS NOT NULL;
GO
-- 取：领取最多 @limit 行，有效期 @lease_seconds 秒。先写入表变量：表上有触发器时 OUTPUT 不能直接返回（错误 334）
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_lab'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_fetch_lab AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_fetch_lab
  @limit int,
  @owner varchar(64),
  @lease_seconds int
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @claimed TABLE (BGDH varchar(64) NOT NULL PRIMARY KEY); -- 【改】类型与排序规则须与表中的主键列相同
  UPDATE c
     SET c.upload_status = 1,
         c.upload_owner = @owner,
         c.upload_lease = DATEADD(second, @lease_seconds, GETDATE()),
         c.upload_attempts = ISNULL(c.upload_attempts, 0) + 1
  OUTPUT inserted.BGDH INTO @claimed (BGDH)
    FROM (SELECT TOP (@limit) *
            FROM dbo.LIS_BGD WITH (UPDLOCK, ROWLOCK, READPAST)
           WHERE SHSJ IS NOT NULL AND (upload_status = 0 OR (upload_status = 1 AND upload_lease < GETDATE()))
           ORDER BY SHSJ, BGDH) AS c;
  SELECT v.*
    FROM dbo.v_exchange_lab_report AS v
   INNER JOIN @claimed AS k ON k.BGDH = v.report_form_no
   ORDER BY v.report_form_no;
  SELECT i.*
    FROM dbo.v_exchange_lab_item AS i
   INNER JOIN @claimed AS k ON k.BGDH = i.report_form_no
   ORDER BY i.report_form_no, i.serial_no;
END
GO
-- 回执：@state 2 已完成，3 被拒绝。领取后又被修改过的行（@version 不同）改回 0，会再次上传
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_lab'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_ack_lab AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_ack_lab
  @report_form_no varchar(64),
  @owner varchar(64),
  @state int,
  @message nvarchar(400) = NULL,
  @version varchar(40) = '' -- 轮询设置了“版本列”时是领取时的 last_update_dtime
AS
BEGIN
  SET NOCOUNT ON;
  IF LEN(@version) = 19 SET @version = @version + '.000';
  UPDATE dbo.LIS_BGD
     SET upload_status = CASE WHEN ISNULL(@version, '') = '' OR @version = CONVERT(varchar(23), XGSJ, 121) THEN @state ELSE 0 END,
         upload_lease = NULL,
         upload_message = @message
   WHERE BGDH = @report_form_no
     AND upload_status = 1
     AND upload_owner = @owner; -- 已过期并被别人领走的，不能由原来的领取者回执
END
GO
