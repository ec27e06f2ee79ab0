/**
 * The synthetic hospital's tables and every statement on them. Names are pinyin initials, as in most Chinese HIS and
 * LIS databases; the queries give the agreement's names as aliases, which is all that a real hospital has to do too.
 */

export const SCHEMA = `
CREATE TABLE IF NOT EXISTS XTCS (         -- 系统参数
  CSM  TEXT PRIMARY KEY,                  -- 参数名
  CSZ  TEXT NOT NULL                      -- 参数值
);
CREATE TABLE IF NOT EXISTS BRXX (         -- 病人信息
  BRID TEXT PRIMARY KEY,                  -- 病人ID
  KH   TEXT NOT NULL UNIQUE,              -- 社保卡号
  SFZH TEXT NOT NULL,                     -- 身份证号
  XM   TEXT NOT NULL,                     -- 姓名
  XB   TEXT NOT NULL,                     -- 性别 1男 2女
  NL   TEXT NOT NULL,                     -- 年龄
  LXDH TEXT NOT NULL,                     -- 联系电话
  TZ   TEXT NOT NULL,                     -- 体重 kg
  FYLB TEXT NOT NULL,                     -- 费用类别 医保/自费
  BRLY TEXT NOT NULL,                     -- 病人来源 1门诊 3体检
  MZH  TEXT NOT NULL                      -- 门诊号
);
CREATE TABLE IF NOT EXISTS YJ_JCKS (      -- 检查科室
  KSDM TEXT PRIMARY KEY,                  -- 科室代码
  KSMC TEXT NOT NULL,                     -- 科室名称
  PYDM TEXT NOT NULL,                     -- 拼音代码
  KSDZ TEXT NOT NULL,                     -- 地点
  LXDH TEXT NOT NULL                      -- 电话
);
CREATE TABLE IF NOT EXISTS YJ_JCXM (      -- 检查项目
  XMDM TEXT PRIMARY KEY,                  -- 项目代码
  XMBH TEXT NOT NULL,                     -- 项目编号
  XMMC TEXT NOT NULL,                     -- 项目名称
  PYDM TEXT NOT NULL,
  DJ   TEXT NOT NULL,                     -- 单价
  KSDM TEXT NOT NULL REFERENCES YJ_JCKS,
  ZYBH TEXT NOT NULL,                     -- 资源编号（诊室/设备）
  XMMS TEXT NOT NULL,                     -- 项目描述
  ZYSX TEXT NOT NULL,                     -- 注意事项
  WXTS TEXT NOT NULL                      -- 温馨提示
);
CREATE TABLE IF NOT EXISTS HIS_SFXM (     -- 收费项目
  SFDM TEXT PRIMARY KEY,                  -- 收费代码
  XMDM TEXT NOT NULL REFERENCES YJ_JCXM,
  SFMC TEXT NOT NULL,                     -- 收费名称
  PYDM TEXT NOT NULL,
  DJ   TEXT NOT NULL,
  ZYSX TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS YJ_HY (        -- 号源
  HYDM TEXT PRIMARY KEY,                  -- 号源代码，七段
  XMDM TEXT NOT NULL REFERENCES YJ_JCXM,
  BC   TEXT NOT NULL,                     -- 班次
  XH   TEXT NOT NULL,                     -- 序号
  HYRQ TEXT NOT NULL,                     -- 号源日期
  KSSJ TEXT NOT NULL,                     -- 开始时间
  JSSJ TEXT NOT NULL,                     -- 结束时间
  ZYFZ TEXT                               -- 占用分组；空表示可约
);
CREATE INDEX IF NOT EXISTS YJ_HY_RQ ON YJ_HY (XMDM, HYRQ, KSSJ);
CREATE TABLE IF NOT EXISTS YJ_SQD (       -- 医技申请单
  SQDH TEXT PRIMARY KEY,                  -- 申请单号（单据号）
  BRID TEXT NOT NULL REFERENCES BRXX,
  XMDM TEXT NOT NULL REFERENCES YJ_JCXM,
  KDKS TEXT NOT NULL,                     -- 开单科室代码
  KSMC TEXT NOT NULL,                     -- 开单科室名称
  YSGH TEXT NOT NULL,                     -- 开单医生工号
  YSXM TEXT NOT NULL,                     -- 开单医生姓名
  KDSJ TEXT NOT NULL,                     -- 开单时间
  FZID TEXT NOT NULL,                     -- 分组编号
  FZXH TEXT NOT NULL,                     -- 分组序号，1 为主项目
  ZS   TEXT NOT NULL,                     -- 主诉
  ZD   TEXT NOT NULL,                     -- 诊断
  YSSM TEXT NOT NULL                      -- 医生说明
);
CREATE TABLE IF NOT EXISTS YJ_YYB (       -- 预约表，一张申请单一行
  YYID TEXT PRIMARY KEY,                  -- 预约ID
  SQDH TEXT NOT NULL UNIQUE REFERENCES YJ_SQD,
  ZYID TEXT NOT NULL,                     -- 主预约ID；主项目为 0
  LSBZ TEXT NOT NULL,                     -- 临时标志
  YYZT TEXT NOT NULL,                     -- 预约状态
  HYDM TEXT REFERENCES YJ_HY              -- 号源代码
);
CREATE TABLE IF NOT EXISTS LIS_BGD (      -- 检验报告单
  BGDH TEXT PRIMARY KEY,                  -- 报告单号
  BRID TEXT NOT NULL REFERENCES BRXX,
  SQDH TEXT NOT NULL,                     -- 检验申请单号
  FLDM TEXT NOT NULL,                     -- 分类代码
  FLMC TEXT NOT NULL,                     -- 分类名称
  BGBT TEXT NOT NULL,                     -- 报告标题
  KDKS TEXT NOT NULL,                     -- 申请科室
  KDYS TEXT NOT NULL,                     -- 申请医生工号
  YSXM TEXT NOT NULL,                     -- 申请医生姓名
  KDSJ TEXT NOT NULL,                     -- 申请时间
  JYSJ TEXT NOT NULL,                     -- 检验时间
  BGSJ TEXT NOT NULL,                     -- 报告时间
  SHSJ TEXT NOT NULL,                     -- 审核时间
  BBBH TEXT NOT NULL,                     -- 标本编号
  YQMC TEXT NOT NULL,                     -- 仪器名称
  SCBZ TEXT NOT NULL DEFAULT '0',         -- 上传标志 0未传 1成功 2拒绝 3未确认 4放弃
  SCSJ TEXT                               -- 上传时间
);
CREATE INDEX IF NOT EXISTS LIS_BGD_SC ON LIS_BGD (SCBZ, BGDH);
CREATE TABLE IF NOT EXISTS LIS_BGJG (     -- 检验报告结果
  BGDH TEXT NOT NULL REFERENCES LIS_BGD,
  XH   TEXT NOT NULL,                     -- 序号
  XMDM TEXT NOT NULL,                     -- 项目代码
  XMMC TEXT NOT NULL,                     -- 项目标准名称
  BDMC TEXT NOT NULL,                     -- 本地名称
  JG   TEXT NOT NULL,                     -- 结果
  DW   TEXT NOT NULL,                     -- 单位
  XX   TEXT NOT NULL,                     -- 参考下限
  SX   TEXT NOT NULL,                     -- 参考上限
  CKBZ TEXT NOT NULL,                     -- 参考值备注
  JYFF TEXT NOT NULL,                     -- 检验方法
  PRIMARY KEY (BGDH, XH)
);`;

export const GET_SETTING = `SELECT CSZ FROM XTCS WHERE CSM = ?`;

/** Names come from this directory's own code, never from outside. */
export const insertInto = (table: string, columns: readonly string[]): string =>
  `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;

/** For the next order to go on from. */
export const ORDER_NUMBERS = `SELECT count(*) AS orders, count(DISTINCT FZID) AS groups FROM YJ_SQD`;
export const FIND_PATIENT = `SELECT BRID FROM BRXX WHERE KH = ?`;

/** Of ORDER_TABLES, by the names of GetExamItemList. */
export const ORDER_COLUMNS = `
       s.SQDH AS Hiskey, b.KH AS SerialNo, b.BRID AS Patientid,
       s.KDKS AS BillDept, s.KSMC AS BillDeptName, s.YSGH AS BillDoctorCode, s.YSXM AS BillDoctorName,
       s.KDSJ AS Date, x.XMBH AS InspectionItemID, x.XMDM AS LabCode, x.XMMC AS LabName, x.DJ AS LabPrice,
       s.FZID AS GroupId, s.FZXH AS GroupSort, y.YYID AS OrderID, y.ZYID AS PrintAppointmentID,
       y.LSBZ AS AppointmentFlag, COALESCE(h.HYRQ || ' ' || h.KSSJ || '~' || h.JSSJ, '') AS AppointmentTime,
       y.YYZT AS AppointmentStatus, x.XMMS AS Description, x.ZYSX AS PartNotes, x.WXTS AS FriendlyReminder`;
export const ORDER_TABLES = `
  FROM YJ_SQD s
  JOIN BRXX b ON b.BRID = s.BRID
  JOIN YJ_JCXM x ON x.XMDM = s.XMDM
  JOIN YJ_YYB y ON y.SQDH = s.SQDH
  LEFT JOIN YJ_HY h ON h.HYDM = y.HYDM`;

/** 3.2.1: orders of a card whose date is in a range. */
export const ORDERS_OF = `
SELECT ${ORDER_COLUMNS} ${ORDER_TABLES}
 WHERE b.KH = ? AND substr(s.KDSJ, 1, 10) BETWEEN ? AND ? ORDER BY s.KDSJ, s.SQDH`;

/** 3.2.2: free slots of an item on a day. */
export const SLOTS_OF = `
SELECT BC AS Frequency, HYDM AS SourceId, XH AS Sequence, HYRQ AS Date, KSSJ || '~' || JSSJ AS Time
  FROM YJ_HY WHERE XMDM = ? AND HYRQ = ? AND ZYFZ IS NULL ORDER BY KSSJ, XH`;

/** One order with what booking has to know of it: by Hiskey, or by OrderID where no Hiskey fits. */
export const FIND_ORDER = `
SELECT s.SQDH, s.FZID, s.FZXH, s.XMDM, b.KH, y.YYID, y.YYZT, y.HYDM
  FROM YJ_SQD s JOIN BRXX b ON b.BRID = s.BRID JOIN YJ_YYB y ON y.SQDH = s.SQDH
 WHERE s.SQDH = ?1 OR y.YYID = ?1 ORDER BY s.SQDH = ?1 DESC LIMIT 1`;
export const GROUP_MEMBERS = `
SELECT s.SQDH, s.FZID, s.FZXH, s.XMDM, b.KH, y.YYID, y.YYZT, y.HYDM
  FROM YJ_SQD s JOIN BRXX b ON b.BRID = s.BRID JOIN YJ_YYB y ON y.SQDH = s.SQDH
 WHERE s.FZID = ? ORDER BY CAST(s.FZXH AS INTEGER)`;
export const FIND_SLOT = `SELECT HYDM, XMDM, ZYFZ FROM YJ_HY WHERE HYDM = ?`;
export const FIRST_FREE_SLOT = `
SELECT HYDM FROM YJ_HY WHERE XMDM = ? AND HYRQ >= ? AND ZYFZ IS NULL ORDER BY HYRQ, KSSJ, XH LIMIT 1`;
export const TAKE_SLOT = `UPDATE YJ_HY SET ZYFZ = ? WHERE HYDM = ? AND ZYFZ IS NULL`;
export const FREE_SLOTS_OF_GROUP = `UPDATE YJ_HY SET ZYFZ = NULL WHERE ZYFZ = ?`;
export const SET_APPOINTMENT = `UPDATE YJ_YYB SET YYZT = ?, HYDM = ? WHERE SQDH = ?`;

/** 3.2.6: what a receipt says of one item. */
export const RECEIPT_OF_GROUP = `
SELECT b.BRID AS PatientID, b.KH AS SerialNo, b.BRLY AS PatientType, b.FYLB AS FeeType, b.XM AS PatientName,
       b.XB AS PatientSex, b.NL AS PatientAge, b.TZ AS Weight, b.LXDH AS PatientPhone, b.MZH AS ClinicNo,
       s.KSMC AS PatientArea, '' AS BedNo, s.ZS AS ChiefComplaint, s.ZD AS Diagnosis, s.KDSJ AS BillDate,
       s.YSXM AS BillDoctorName, s.YSSM AS DoctorNote, x.XMMC AS HisName, '不麻醉' AS AnesthesiaFlag,
       '徒步' AS Transmethod, x.WXTS AS ReminderMsg, x.ZYSX AS AttentionMsg,
       h.HYRQ || ' ' || h.KSSJ || ':00' AS StartAppointmentTime, h.HYRQ || ' ' || h.JSSJ || ':00' AS EndAppointmentTime,
       h.XH AS EnqueueNum, k.KSMC AS DepartmentName, k.KSDZ AS Address, k.LXDH AS DepartmentCall,
       '0000-00000001' AS OtherPhone
  FROM YJ_SQD s
  JOIN BRXX b ON b.BRID = s.BRID
  JOIN YJ_JCXM x ON x.XMDM = s.XMDM
  JOIN YJ_JCKS k ON k.KSDM = x.KSDM
  JOIN YJ_YYB y ON y.SQDH = s.SQDH
  JOIN YJ_HY h ON h.HYDM = y.HYDM
 WHERE s.FZID = ? ORDER BY CAST(s.FZXH AS INTEGER)`;

/** 3.2.7: name or pinyin contains the text, in any case; the text is given twice for its two halves (A-29g). */
export const ITEM_CATALOGUE = `
SELECT k.KSDM AS examDeptCode, k.KSMC AS examDeptName, k.PYDM AS examDeptPycode, k.KSDZ AS examDeptAddress,
       k.LXDH AS examDeptTelphone, x.XMDM AS examItemCode, x.XMMC AS examItemName, x.PYDM AS itemNamePYCode,
       x.WXTS AS friendlyReminder, f.SFDM AS hisItemCode, f.SFMC AS hisItemName, f.PYDM AS hisItemPYCode,
       f.DJ AS examItemPrice, f.ZYSX AS announcements
  FROM YJ_JCXM x
  JOIN YJ_JCKS k ON k.KSDM = x.KSDM
  JOIN HIS_SFXM f ON f.XMDM = x.XMDM
 WHERE instr(lower(x.XMMC), lower(?1)) OR instr(lower(x.PYDM), lower(?1))
    OR instr(lower(x.XMMC), lower(?2)) OR instr(lower(x.PYDM), lower(?2))
 ORDER BY k.KSDM, x.XMDM, f.SFDM`;

/** 4.1: one row for each result of the oldest reports in a state; `item_` marks what the master has too. */
export const LAB_REPORTS = `
SELECT r.SHSJ AS last_update_dtime, r.SQDH AS apply_form_no, r.BGDH AS report_form_no, b.BRID AS patient_id,
       '1' AS event_type, b.MZH AS event_no, b.SFZH AS id_no, b.KH AS card_no, substr(r.SHSJ, 1, 10) AS retrieve_date,
       r.FLDM AS class_code, r.FLMC AS class_name, r.FLMC AS class_local_name, r.BGBT AS report_title,
       r.BGSJ AS effective_dtime, b.XM AS name, b.XB AS sex_code, CASE b.XB WHEN '1' THEN '男' ELSE '女' END AS sex_name,
       'J0001' AS author_id, r.BGSJ AS author_dtime, '检验甲' AS author_name,
       'J0002' AS authenticator_id, r.SHSJ AS authenticator_dtime, '检验乙' AS authenticator_name,
       r.KDYS AS participant_id, r.KDSJ AS participant_dtime, r.YSXM AS participant_name, r.KDKS AS participant_dept,
       '' AS order_id, r.BBBH AS specimen_id, '测试检验科' AS performer_dept_name, '检验甲' AS performer_doctor,
       r.JYSJ AS performer_dtime, r.YQMC AS playing_device, r.BGSJ AS create_time,
       j.XH AS serial_no, j.XMDM AS item_class_code, j.XMMC AS item_class_name, j.BDMC AS item_class_local_name,
       j.JG AS result_value, j.DW AS result_unit, j.XX AS norm_lower_limit, j.SX AS norm_upper_limit,
       j.CKBZ AS norm_value_notes, j.JYFF AS examine_way
  FROM (SELECT * FROM LIS_BGD WHERE SCBZ = ? ORDER BY SHSJ, BGDH LIMIT ?) r
  JOIN BRXX b ON b.BRID = r.BRID
  JOIN LIS_BGJG j ON j.BGDH = r.BGDH
 ORDER BY r.SHSJ, r.BGDH, CAST(j.XH AS INTEGER)`;
export const MARK_REPORT = `UPDATE LIS_BGD SET SCBZ = ?, SCSJ = datetime('now', 'localtime') WHERE BGDH = ?`;

export const COUNTS = `
SELECT (SELECT count(*) FROM BRXX) AS patients,
       (SELECT count(*) FROM YJ_SQD) AS orders,
       (SELECT count(*) FROM YJ_YYB WHERE YYZT IN ('已预约', '自动组合预约')) AS booked,
       (SELECT count(*) FROM YJ_HY WHERE ZYFZ IS NULL) AS freeSlots,
       (SELECT count(*) FROM LIS_BGD WHERE SCBZ = '0') AS newReports,
       (SELECT count(*) FROM LIS_BGD WHERE SCBZ = '1') AS acceptedReports,
       (SELECT count(*) FROM LIS_BGD WHERE SCBZ NOT IN ('0', '1')) AS otherReports,
       (SELECT count(*) FROM RIS_JC WHERE SCBZ = '0') AS newExams,
       (SELECT count(*) FROM RIS_JC WHERE SCBZ = '1') AS acceptedExams,
       (SELECT count(*) FROM RIS_JC WHERE SCBZ NOT IN ('0', '1')) AS otherExams,
       (SELECT count(DISTINCT SQDH) FROM YJ_TBSJ WHERE LX = 'KD' AND TBBZ = '0') AS newOrders,
       (SELECT count(DISTINCT SQDH) FROM YJ_TBSJ WHERE LX = 'YY' AND TBBZ = '0') AS newBookings,
       (SELECT count(DISTINCT LX || SQDH) FROM YJ_TBSJ WHERE TBBZ NOT IN ('0', '1')) AS otherEvents`;
