-- LIS 第 2 步：检验报告的视图，列名就是互联互通规范 4.1 的字段名，lab-register 节点直接识别
-- LIS step 2: views over the lab reports, in the field names of section 4.1 that lab-register understands
-- 【改】标出医院自己的表名、列名：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】dbo.LIS_BGD 检验报告单，dbo.LIS_BGJG 结果，dbo.BRXX 病人信息，以及 AS 左边的列名。本院没有的列写 NULL。
-- 机构编码 org_code 由接入配置填写，这里不需要。时间列请保持 datetime 类型，不要转成文本。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 报告主表，一份报告一行；只给已审核的报告
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_report'))
  EXEC (N'CREATE VIEW dbo.v_exchange_lab_report AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_lab_report
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
       r.JSSJ AS create_time -- 创建时间
  FROM dbo.LIS_BGD AS r
  LEFT JOIN dbo.BRXX AS b ON b.BRID = r.BRID
 WHERE r.SHSJ IS NOT NULL;
GO
-- 报告子表，一个结果一行：轮询选“主从表”，子表键 report_form_no，放入 lab_subitem
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_item'))
  EXEC (N'CREATE VIEW dbo.v_exchange_lab_item AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_lab_item
AS
SELECT i.BGDH AS report_form_no, -- 所属报告单号
       i.XH AS serial_no, -- 子项序号
       i.XMDM AS class_code, -- 子项的 LOINC 编码
       i.XMMC AS class_name, -- 子项的 LOINC 标准名称
       i.BDMC AS class_local_name, -- 子项的本地名称
       i.JGLX AS result_type, -- 结果类型
       i.JG AS result_value, -- 结果值
       i.DW AS result_unit, -- 单位
       i.XX AS norm_lower_limit, -- 参考值下限
       i.SX AS norm_upper_limit, -- 参考值上限
       i.CKBZ AS norm_value_notes, -- 参考值备注
       i.JGTS AS result_interpre, -- 结果的解释，如 H、L
       i.JGMS AS result_interpre_descr, -- 结果解释的描述，如 偏高
       i.JYFF AS examine_way, -- 检验方法
       i.HRBZ AS recognition -- 可互认标识，平台代码 STD_LAB_EXAM_RECOGNITION
  FROM dbo.LIS_BGJG AS i;
GO
-- 主从合并，一个结果一行：轮询选“一个主键多行”。主从同名的列，子表的加前缀 item_。改了上面的视图后请重新运行本脚本
IF NOT EXISTS (SELECT 1 FROM sys.views WHERE object_id = OBJECT_ID(N'dbo.v_exchange_lab_flat'))
  EXEC (N'CREATE VIEW dbo.v_exchange_lab_flat AS SELECT 1 AS placeholder');
GO
ALTER VIEW dbo.v_exchange_lab_flat
AS
SELECT m.*,
       i.serial_no,
       i.class_code AS item_class_code,
       i.class_name AS item_class_name,
       i.class_local_name AS item_class_local_name,
       i.result_type,
       i.result_value,
       i.result_unit,
       i.norm_lower_limit,
       i.norm_upper_limit,
       i.norm_value_notes,
       i.result_interpre,
       i.result_interpre_descr,
       i.examine_way,
       i.recognition AS item_recognition
  FROM dbo.v_exchange_lab_report AS m
  LEFT JOIN dbo.v_exchange_lab_item AS i ON i.report_form_no = m.report_form_no;
GO
