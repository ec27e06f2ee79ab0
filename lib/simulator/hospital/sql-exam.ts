/** The synthetic hospital's RIS: exams in every state, their studies, and what is registered of them (4.2). */

export const EXAM_SCHEMA = `
CREATE TABLE IF NOT EXISTS RIS_JC (       -- 检查
  JCH  TEXT PRIMARY KEY,                  -- 检查号
  BGDH TEXT NOT NULL UNIQUE,              -- 报告单号
  BRID TEXT NOT NULL REFERENCES BRXX,
  YXH  TEXT NOT NULL,                     -- 影像号（影像系统内部病人ID）
  SQDH TEXT NOT NULL,                     -- 检查申请单号
  XMDM TEXT NOT NULL REFERENCES YJ_JCXM,
  JCLX TEXT NOT NULL,                     -- 检查类型 CT/MR/US/ES
  JCBW TEXT NOT NULL,                     -- 检查部位
  JCZT TEXT NOT NULL,                     -- 检查状态
  SBMC TEXT NOT NULL,                     -- 设备名称
  KDKS TEXT NOT NULL,                     -- 申请科室
  KDYS TEXT NOT NULL,                     -- 申请医生工号
  YSXM TEXT NOT NULL,                     -- 申请医生姓名
  LCZD TEXT NOT NULL,                     -- 临床诊断
  BQMS TEXT NOT NULL,                     -- 病情描述
  JCMD TEXT NOT NULL,                     -- 检查目的
  KDSJ TEXT NOT NULL,                     -- 申请时间
  DJSJ TEXT NOT NULL,                     -- 登记时间
  JCSJ TEXT NOT NULL,                     -- 检查时间；未检查时为空
  BGSJ TEXT NOT NULL,                     -- 报告时间；未书写时为空
  BGGH TEXT NOT NULL,                     -- 报告医生工号
  BGXM TEXT NOT NULL,                     -- 报告医生姓名
  SHSJ TEXT NOT NULL,                     -- 审核时间；未审核时为空
  SHGH TEXT NOT NULL,                     -- 审核医生工号
  SHXM TEXT NOT NULL,                     -- 审核医生姓名
  XGSJ TEXT NOT NULL,                     -- 最后修改时间
  YXSJ TEXT NOT NULL,                     -- 影像所见
  YXZD TEXT NOT NULL,                     -- 影像结论
  YCBZ TEXT NOT NULL,                     -- 是否异常
  SCBZ TEXT NOT NULL DEFAULT '0',         -- 上传标志 0未传 1成功 2拒绝 3未确认 4放弃
  SCSJ TEXT                               -- 上传时间
);
CREATE INDEX IF NOT EXISTS RIS_JC_SC ON RIS_JC (SCBZ, JCH);
CREATE TABLE IF NOT EXISTS RIS_JCYX (     -- 检查影像
  JCH  TEXT NOT NULL REFERENCES RIS_JC,
  XH   TEXT NOT NULL,                     -- 序号
  YXID TEXT NOT NULL,                     -- StudyInstanceUID
  PRIMARY KEY (JCH, XH)
);`;

/**
 * 4.2: one row for each of the oldest exams in an upload state. The exam's own state stays the RIS's word. An exam
 * that is only registered has no performing time: that of its registration stands for it.
 */
export const EXAM_REPORTS = `
SELECT r.XGSJ AS last_update_dtime, r.SQDH AS apply_form_no, r.JCZT AS state, r.BGDH AS report_form_no,
       b.BRID AS patient_id, '1' AS event_type, b.MZH AS event_no, r.YXH AS patient_local_id,
       CASE r.JCSJ WHEN '' THEN r.DJSJ ELSE r.JCSJ END AS performer_dtime, r.JCH AS pacs_id,
       COALESCE((SELECT group_concat(u.YXID, ',') FROM (SELECT YXID FROM RIS_JCYX WHERE JCH = r.JCH ORDER BY XH) u), '')
         AS study_instance_uid,
       b.SFZH AS id_no, b.KH AS card_no, CASE r.SHSJ WHEN '' THEN '0' ELSE '1' END AS checked_status,
       r.JCLX AS class_code, r.JCLX AS class_name, substr(r.XGSJ, 1, 10) AS retrieve_date, r.JCBW AS body_part_name,
       x.XMDM AS exam_item_code, x.XMMC AS exam_item_name, x.XMMC || '报告单' AS report_title,
       r.BGSJ AS effective_dtime, b.XM AS name, b.XB AS sex_code, CASE b.XB WHEN '1' THEN '男' ELSE '女' END AS sex_name,
       substr(b.SFZH, 7, 4) || '-' || substr(b.SFZH, 11, 2) || '-' || substr(b.SFZH, 13, 2) AS birth_date,
       r.BGGH AS author_id, r.BGSJ AS author_dtime, r.BGXM AS author_name,
       r.SHGH AS authenticator_id, r.SHSJ AS authenticator_dtime, r.SHXM AS authenticator_name,
       r.KDKS AS participant_dept, r.KDYS AS participant_id, r.KDSJ AS participant_dtime, r.YSXM AS participant_name,
       k.KSMC AS performer_dept_name, '影像甲' AS performer_doctor, r.SBMC AS playing_device,
       r.LCZD AS outpat_diag_name, r.BQMS AS patient_condition_descr, r.JCMD AS exam_purpose,
       r.YXSJ AS image_descr, r.YCBZ AS is_abnormal, r.YXZD AS conclusion, r.DJSJ AS create_time, '0' AS xman_type
  FROM (SELECT * FROM RIS_JC WHERE SCBZ = ? ORDER BY JCH LIMIT ?) r
  JOIN BRXX b ON b.BRID = r.BRID
  JOIN YJ_JCXM x ON x.XMDM = r.XMDM
  JOIN YJ_JCKS k ON k.KSDM = x.KSDM
 ORDER BY r.JCH`;
export const MARK_EXAM = `UPDATE RIS_JC SET SCBZ = ?, SCSJ = datetime('now', 'localtime') WHERE BGDH = ?`;

/** What is printed on the report of a reviewed exam. */
export const REVIEWED_EXAM = `SELECT JCH, BGDH, BRID, JCLX, SBMC, SHSJ FROM RIS_JC WHERE BGDH = ? AND SHSJ <> ''`;
