-- RIS 第 3 步（可选，需先做第 1 步）：“状态标记”方式的视图，和“存储过程”方式的一对过程
-- RIS step 3 (optional, after step 1): the view for polling by status, and the pair of procedures
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】与第 2 步相同的表和列，BGDH 的类型。两种方式任选其一，不要同时用。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 第 2 步的视图加上领取与回执列：轮询的来源，主键列 report_form_no
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_exam_claim'))
  EXEC (N'CREATE VIEW dbo.v_exchange_exam_claim AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_exam_claim
AS
SELECT r.XGSJ AS last_update_dtime, -- 最后修改时间：任何修改都要更新它
       r.SQDH AS apply_form_no, -- 检查申请单号
       r.JCZT AS state, -- 检查状态：0 登记 1 检查 2 书写 3 审核 4 修订；也可以是 RIS 常用的文字，如 已审核
       r.BGDH AS report_form_no, -- 检查报告单号
       r.BRID AS patient_id, -- 病人 ID
       r.BRLY AS event_type, -- 事件类型，平台代码 STD_EVENT_TYPE
       b.MZH AS event_no, -- 门诊号或住院号
       r.YXH AS patient_local_id, -- 影像系统内部病人 ID
       ISNULL(r.JCSJ, r.DJSJ) AS performer_dtime, -- 检查时间；未检查时为登记时间
       r.JCH AS pacs_id, -- 检查号，须与影像的 AccessionNumber 一致
       STUFF((SELECT ',' + u.YXID FROM dbo.RIS_JCYX AS u WHERE u.JCH = r.JCH ORDER BY u.XH FOR XML PATH('')), 1, 1, '') AS study_instance_uid, -- StudyInstanceUID，多个用逗号分隔
       b.SFZH AS id_no, -- 身份证号
       b.KH AS card_no, -- 社保卡号
       CASE WHEN r.SHSJ IS NULL THEN '0' ELSE '1' END AS checked_status, -- 是否审核
       r.JCLX AS class_code, -- 检查分类编码（DICOM Modality）
       r.JCLX AS class_name, -- 检查分类名称
       CONVERT(char(10), ISNULL(r.SHSJ, r.DJSJ), 120) AS retrieve_date, -- 归档检索日期
       r.JCBW AS body_part_name, -- 检查部位名称
       r.XMDM AS exam_item_code, -- 检查项目编码
       r.XMMC AS exam_item_name, -- 检查项目名称
       r.BGBT AS report_title, -- 报告标题
       r.BGSJ AS effective_dtime, -- 文档创建时间
       b.XM AS name, -- 姓名
       b.XB AS sex_code, -- 性别编码，平台代码 STD_SEX
       CASE b.XB WHEN '1' THEN N'男' WHEN '2' THEN N'女' ELSE N'' END AS sex_name, -- 性别
       CONVERT(char(10), b.CSRQ, 120) AS birth_date, -- 出生日期
       r.BGGH AS author_id, -- 报告医生工号
       r.BGSJ AS author_dtime, -- 报告时间
       r.BGXM AS author_name, -- 报告医生姓名
       r.SHGH AS authenticator_id, -- 审核医生工号
       r.SHSJ AS authenticator_dtime, -- 审核时间
       r.SHXM AS authenticator_name, -- 审核医生姓名
       r.KDKS AS participant_dept, -- 申请科室
       r.KDYS AS participant_id, -- 申请医生工号
       r.KDSJ AS participant_dtime, -- 申请时间
       r.YSXM AS participant_name, -- 申请医生姓名
       r.YZH AS order_id, -- 医嘱号
       r.KSMC AS performer_dept_name, -- 执行科室
       r.JCYS AS performer_doctor, -- 执行医生
       r.SBMC AS playing_device, -- 设备名称
       r.LCZD AS outpat_diag_name, -- 临床诊断
       r.BQMS AS patient_condition_descr, -- 病情描述
       r.JCMD AS exam_purpose, -- 检查目的
       r.YXSJ AS image_descr, -- 影像所见
       r.YCBZ AS is_abnormal, -- 是否异常
       r.YXZD AS conclusion, -- 影像结论
       r.DJSJ AS create_time, -- 创建时间
       r.upload_status AS upload_status, -- 领取与回执，不上传
       r.upload_owner AS upload_owner, -- 领取与回执，不上传
       r.upload_lease AS upload_lease, -- 领取与回执，不上传
       r.upload_attempts AS upload_attempts, -- 领取与回执，不上传
       r.upload_message AS upload_message -- 领取与回执，不上传
  FROM dbo.RIS_JC AS r
  LEFT JOIN dbo.BRXX AS b ON b.BRID = r.BRID;
GO
-- 取：领取最多 @limit 行，有效期 @lease_seconds 秒。先写入表变量：表上有触发器时 OUTPUT 不能直接返回（错误 334）
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_fetch_exam'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_fetch_exam AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_fetch_exam
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
            FROM dbo.RIS_JC WITH (UPDLOCK, ROWLOCK, READPAST)
           WHERE (upload_status = 0 OR (upload_status = 1 AND upload_lease < GETDATE()))
           ORDER BY XGSJ, BGDH) AS c;
  SELECT v.*
    FROM dbo.v_exchange_exam_report AS v
   INNER JOIN @claimed AS k ON k.BGDH = v.report_form_no
   ORDER BY v.report_form_no;
END
GO
-- 回执：@state 2 已完成，3 被拒绝。领取后又被修改过的行（@version 不同）改回 0，会再次上传
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_ack_exam'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_ack_exam AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_ack_exam
  @report_form_no varchar(64),
  @owner varchar(64),
  @state int,
  @message nvarchar(400) = NULL,
  @version varchar(40) = '' -- 轮询设置了“版本列”时是领取时的 last_update_dtime
AS
BEGIN
  SET NOCOUNT ON;
  IF LEN(@version) = 19 SET @version = @version + '.000';
  UPDATE dbo.RIS_JC
     SET upload_status = CASE WHEN ISNULL(@version, '') = '' OR @version = CONVERT(varchar(23), XGSJ, 121) THEN @state ELSE 0 END,
         upload_lease = NULL,
         upload_message = @message
   WHERE BGDH = @report_form_no
     AND upload_status = 1
     AND upload_owner = @owner; -- 已过期并被别人领走的，不能由原来的领取者回执
END
GO
