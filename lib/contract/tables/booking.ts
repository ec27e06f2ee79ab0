/** 3.2: booking. The platform asks, the hospital answers. */
import { table } from '../field';

/** The two fields that open every answer of the hospital, at root/returnContent. */
export const returnContent = table({
  name: 'returnContent',
  section: '3.2',
  zh: '返回结果',
  en: 'outcome of every booking answer',
  fields: [
    { name: 'success', zh: '成功或失败', en: 'outcome', type: 'text', required: true, allowed: { Yes: '成功', No: '失败' } },
    { name: 'error', zh: '错误', en: 'error text; empty on success', type: 'text', required: true },
  ],
});

export const getExamItemListRequest = table({
  name: 'GetExamItemList request',
  section: '3.2.1',
  zh: '获取开单项目列表：请求',
  en: 'GetExamItemList request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者来源', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'patientNo', zh: '患者社保卡号', en: 'patient social-security card number', type: 'text', required: true, essential: true, privacy: 'card' },
    { name: 'startDate', zh: '开单范围开始日期', en: 'order date range start', type: 'text', required: true, format: 'yyyy-MM-dd' },
    { name: 'endDate', zh: '开单范围结束日期', en: 'order date range end', type: 'text', required: true, format: 'yyyy-MM-dd' },
    { name: 'area', zh: '院区', en: 'campus', type: 'text', required: false },
  ],
});

export const getExamItemListItem = table({
  name: 'GetExamItemList item',
  section: '3.2.1',
  zh: '获取开单项目列表：返回项',
  en: 'GetExamItemList answer item',
  fields: [
    { name: 'Hiskey', zh: '单据号', en: 'document/order number', type: 'text' },
    { name: 'SerialNo', zh: '患者社保卡号', en: 'patient social-security card number', type: 'text', privacy: 'card' },
    { name: 'Patientid', zh: '患者编号', en: 'patient number', type: 'text', privacy: 'card' },
    { name: 'BillDept', zh: '开单科室编码', en: 'ordering department code', type: 'text' },
    { name: 'BillDeptName', zh: '开单科室名称', en: 'ordering department name', type: 'text' },
    { name: 'BillDoctorCode', zh: '开单医生编码', en: 'ordering doctor code', type: 'text' },
    { name: 'BillDoctorName', zh: '开单医生名称', en: 'ordering doctor name', type: 'text', privacy: 'name' },
    { name: 'Date', zh: '开单时间', en: 'order time', type: 'text', format: 'yyyy-MM-dd HH:mm:ss' },
    { name: 'InspectionItemID', zh: '检查项目编号', en: 'exam item number', type: 'text' },
    { name: 'LabCode', zh: '检查项目编码', en: 'exam item code', type: 'text' },
    { name: 'LabName', zh: '检查项目名称', en: 'exam item name', type: 'text' },
    { name: 'LabPrice', zh: '检查项目单价', en: 'unit price', type: 'text' },
    { name: 'GroupId', zh: '分组编号', en: 'group number', type: 'text' },
    { name: 'GroupSort', zh: '分组排序号', en: 'order within the group', type: 'text' },
    { name: 'OrderID', zh: '预约表编号', en: 'appointment table number', type: 'text' },
    { name: 'PrintAppointmentID', zh: '主预约ID', en: 'appointment id of the main item when this item is a sub-appointment, otherwise 0', type: 'text' },
    { name: 'AppointmentFlag', zh: '临时标志', en: 'temporary flag', type: 'text' },
    { name: 'AppointmentTime', zh: '预约时间', en: 'appointment time', type: 'text' },
    { name: 'AppointmentStatus', zh: '预约状态', en: 'appointment status TEXT (Chinese)', type: 'text', allowed: { 已预约: 'booked; main item of a booked group', 自动组合预约: 'sub item of a booked group', 未预约: 'not booked', 已取消: 'cancelled (also shown for not booked)', 组合预约: 'sub item of a group not booked', 已签到: 'checked in - booking forbidden', 已检查: 'examined - booking forbidden', 已报告: 'reported - booking forbidden' } },
    { name: 'Description', zh: '项目描述', en: 'item description', type: 'text' },
    { name: 'PartNotes', zh: '注意事项', en: 'precautions', type: 'text' },
    { name: 'FriendlyReminder', zh: '温馨提示', en: 'friendly reminder', type: 'text' },
  ],
});

export const getSignalSourceListRequest = table({
  name: 'GetSignalSourceList request',
  section: '3.2.2',
  zh: '获取预约号源接口：请求',
  en: 'GetSignalSourceList request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者来源', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'patientNo', zh: '患者社保卡号', en: 'patient social-security card number', type: 'text', required: true, essential: true, privacy: 'card' },
    { name: 'labCode', zh: '检查项目编码', en: 'exam item code', type: 'text', required: true, essential: true },
    { name: 'labCodeList', zh: '子项目编码', en: 'sub item codes', type: 'text', required: false, separator: ';' },
    { name: 'departCode', zh: '开单科室', en: 'ordering department', type: 'text', required: true },
    { name: 'bookDate', zh: '预约日期', en: 'appointment date', type: 'text', required: true, essential: true, format: 'yyyy-MM-dd' },
    { name: 'area', zh: '院区', en: 'campus', type: 'text', required: false },
  ],
});

export const getSignalSourceListItem = table({
  name: 'GetSignalSourceList item',
  section: '3.2.2',
  zh: '获取预约号源接口：返回项',
  en: 'GetSignalSourceList answer item',
  fields: [
    { name: 'Frequency', zh: '班次', en: 'shift', type: 'text', allowed: { 1: '早班', 2: '午班', 3: '晚班' } },
    { name: 'SourceId', zh: '号源代码', en: 'slot code, 7 parts joined by |', type: 'text' },
    { name: 'Sequence', zh: '序号', en: 'sequence number', type: 'text' },
    { name: 'Date', zh: '号源日期', en: 'slot date', type: 'text', format: 'yyyy-MM-dd' },
    { name: 'Time', zh: '预约时间', en: 'slot time', type: 'text' },
  ],
});

export const medicalAppointRequest = table({
  name: 'MedicalAppoint request',
  section: '3.2.3',
  zh: '预约接口：请求',
  en: 'MedicalAppoint request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者来源', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'patientNo', zh: '患者社保卡号', en: 'patient social-security card number', type: 'text', required: true, essential: true, privacy: 'card' },
    { name: 'startDate', zh: '开单范围开始日期', en: 'order date range start', type: 'text', required: true, format: 'yyyy-MM-dd' },
    { name: 'endDate', zh: '开单范围结束日期', en: 'order date range end', type: 'text', required: true, format: 'yyyy-MM-dd' },
    { name: 'itemIDs', zh: '单据号', en: 'order number(s) = Hiskey of GetExamItemList', type: 'text', required: true, essential: true, separator: ',' },
    { name: 'sourceid', zh: '号源代码', en: 'slot code; empty for a default booking', type: 'text', required: false },
    { name: 'area', zh: '院区', en: 'campus', type: 'text', required: false },
  ],
});

export const cancelAppointRequest = table({
  name: 'CancelAppoint request',
  section: '3.2.4',
  zh: '取消预约：请求',
  en: 'CancelAppoint request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者来源', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'itemIDs', zh: '单据号', en: 'order number(s)', type: 'text', required: true, essential: true, separator: '|' },
  ],
});

export const getAppointReceiptRequest = table({
  name: 'GetAppointReceipt request',
  section: '3.2.5',
  zh: '获取回执单（PDF格式）：请求',
  en: 'GetAppointReceipt request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者类型', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'receiptItems', zh: '参数', en: 'receipt parameters, see receiptItem', type: 'text', required: true, essential: true },
  ],
});

export const getAppointReceiptXmlRequest = table({
  name: 'GetAppointReceiptXml request',
  section: '3.2.6',
  zh: '获取回执单（XML格式）：请求',
  en: 'GetAppointReceiptXml request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'patientType', zh: '患者类型', en: 'patient source', type: 'text', required: true, allowed: { 1: '门诊', 3: '体检' } },
    { name: 'receiptItems', zh: '参数', en: 'receipt parameters, see receiptItem', type: 'text', required: true, essential: true },
  ],
});

export const getAppointReceiptXmlItem = table({
  name: 'GetAppointReceiptXml item',
  section: '3.2.6',
  zh: '获取回执单（XML格式）：返回项',
  en: 'GetAppointReceiptXml answer item',
  fields: [
    { name: 'PatientID', zh: '病人编号', en: 'patient number', type: 'text', privacy: 'card' },
    { name: 'SerialNo', zh: '社保卡号', en: 'social-security card number', type: 'text', privacy: 'card' },
    { name: 'PatientType', zh: '患者类型', en: 'patient type', type: 'text', allowed: { 1: '门诊', 3: '体检' } },
    { name: 'FeeType', zh: '身份', en: 'who pays', type: 'text', allowed: { 医保: '医保', 自费: '自费' } },
    { name: 'PatientName', zh: '病人姓名', en: 'patient name', type: 'text', privacy: 'name' },
    { name: 'PatientSex', zh: '性别', en: 'sex', type: 'text', allowed: { 1: '男', 2: '女' } },
    { name: 'PatientAge', zh: '年龄', en: 'age in years', type: 'text', privacy: 'text' },
    { name: 'Weight', zh: '体重', en: 'kg', type: 'text', privacy: 'text' },
    { name: 'PatientPhone', zh: '联系电话', en: 'phone', type: 'text', privacy: 'phone' },
    { name: 'ClinicNo', zh: '门诊号', en: 'outpatient number', type: 'text', privacy: 'card' },
    { name: 'PatientArea', zh: '科室或病区', en: 'department or ward', type: 'text' },
    { name: 'BedNo', zh: '床号', en: 'bed', type: 'text', privacy: 'text' },
    { name: 'ChiefComplaint', zh: '主诉', en: 'chief complaint', type: 'text', cdata: true, privacy: 'text' },
    { name: 'Diagnosis', zh: '诊断', en: 'diagnosis', type: 'text', cdata: true, privacy: 'text' },
    { name: 'BillDate', zh: '开单日期', en: 'order date', type: 'text', format: 'yyyy-MM-dd HH:mm:ss' },
    { name: 'BillDoctorName', zh: '开单医生', en: 'ordering doctor', type: 'text', privacy: 'name' },
    { name: 'DoctorNote', zh: '医生说明', en: 'doctor note', type: 'text', cdata: true, privacy: 'text' },
    { name: 'HisName', zh: '检查项目', en: 'exam items; CDATA; composite items numbered 1., 2., 3. and joined by ;', type: 'text', cdata: true },
    { name: 'AnesthesiaFlag', zh: '麻醉方式', en: 'anaesthesia', type: 'text', allowed: { 不麻醉: '不麻醉', 麻醉: '麻醉' } },
    { name: 'Transmethod', zh: '运送方式', en: 'way of transport', type: 'text', allowed: { 徒步: '徒步', 轮椅: '轮椅' } },
    { name: 'ReminderMsg', zh: '温馨提示', en: 'CDATA', type: 'text', cdata: true },
    { name: 'AttentionMsg', zh: '注意事项', en: 'CDATA', type: 'text', cdata: true },
    { name: 'StartAppointmentTime', zh: '预约开始日期', en: 'appointment time', type: 'text', format: 'yyyy-MM-dd HH:mm:ss' },
    { name: 'EndAppointmentTime', zh: '预约截止日期', en: 'appointment time', type: 'text', format: 'yyyy-MM-dd HH:mm:ss' },
    { name: 'EnqueueNum', zh: '排队号', en: 'queue number', type: 'text' },
    { name: 'DepartmentName', zh: '预约科室', en: 'appointment department', type: 'text' },
    { name: 'Address', zh: '预约诊室', en: 'appointment room', type: 'text' },
    { name: 'DepartmentCall', zh: '检查科室咨询电话', en: 'department phone', type: 'text' },
    { name: 'OtherPhone', zh: '预约中心咨询电话', en: 'booking centre phone', type: 'text' },
  ],
});

export const getAppointItemInfoRequest = table({
  name: 'GetAppointItemInfo request',
  section: '3.2.7',
  zh: '获取检查项目信息：请求',
  en: 'GetAppointItemInfo request',
  fields: [
    { name: 'clientType', zh: '调用端类型', en: 'caller type', type: 'text', required: true, known: { 7: '统一值' }, default: '7' },
    { name: 'examItemName', zh: '检查项目名称或拼音码', en: 'exam item name or pinyin code, fuzzy search', type: 'text', required: true },
  ],
});

export const hisExamItemInfo = table({
  name: 'GetAppointItemInfo hisExamItemInfo',
  section: '3.2.7',
  zh: '获取检查项目信息：HIS项目',
  en: 'GetAppointItemInfo hisExamItemInfo',
  fields: [
    { name: 'hisItemCode', zh: 'HIS项目编号', en: 'HIS item number', type: 'text' },
    { name: 'hisItemName', zh: 'HIS项目名称', en: 'HIS item name', type: 'text' },
    { name: 'hisItemPYCode', zh: 'HIS项目名称拼音码', en: 'HIS item pinyin', type: 'text' },
    { name: 'examItemPrice', zh: '项目价格', en: 'price', type: 'text' },
    { name: 'announcements', zh: '注意事项', en: 'precautions', type: 'text' },
  ],
});

export const examItemInfo = table({
  name: 'GetAppointItemInfo examItemInfo',
  section: '3.2.7',
  zh: '获取检查项目信息：检查项目',
  en: 'GetAppointItemInfo examItemInfo',
  children: [{ element: 'hisExamItemInfo', table: hisExamItemInfo }],
  fields: [
    { name: 'examItemCode', zh: '检查项目编号', en: 'exam item number', type: 'text' },
    { name: 'examItemName', zh: '检查项目名称', en: 'exam item name', type: 'text' },
    { name: 'itemNamePYCode', zh: '检查项目拼音码', en: 'pinyin code', type: 'text' },
    { name: 'friendlyReminder', zh: '温馨提示', en: 'reminder', type: 'text' },
  ],
});

export const examDepartment = table({
  name: 'GetAppointItemInfo examDepartment',
  section: '3.2.7',
  zh: '获取检查项目信息：检查科室',
  en: 'GetAppointItemInfo examDepartment',
  children: [{ element: 'examItemInfo', table: examItemInfo }],
  fields: [
    { name: 'examDeptCode', zh: '检查科室编号', en: 'exam department number', type: 'text' },
    { name: 'examDeptName', zh: '检查科室名称', en: 'exam department name', type: 'text' },
    { name: 'examDeptPycode', zh: '检查科室拼音名', en: 'department pinyin', type: 'text' },
    { name: 'examDeptAddress', zh: '检查科室地点', en: 'department location', type: 'text' },
    { name: 'examDeptTelphone', zh: '联系电话', en: 'phone (spelled Telphone)', type: 'text' },
  ],
});

/** The PDF receipt stands directly under returnContent, as base64 text. */
export const receiptPdf = table({
  name: 'GetAppointReceipt item',
  section: '3.2.5',
  zh: '回执单',
  en: 'PDF receipt',
  fields: [
    { name: 'item', zh: '回执单', en: 'PDF file, base64', type: 'text', required: true },
  ],
});

/** Opaque to the platform, which gives it back unchanged; the hospital takes it apart. */
export const sourceId = table({
  name: 'SourceId',
  section: '3.2.2, 3.2.3',
  zh: '号源代码',
  en: 'slot code: seven parts joined by |',
  separator: '|',
  fields: [
    { name: '班次', zh: '班次', en: 'shift (1,2,3)', type: 'text' },
    { name: '项目', zh: '项目', en: 'item number', type: 'text' },
    { name: 'LabCode', zh: '检查项目编码', en: 'exam item code', type: 'text' },
    { name: '资源', zh: '资源', en: 'resource number', type: 'text' },
    { name: '预约顺序Num', zh: '预约顺序', en: 'booking order number', type: 'text' },
    { name: '预约时间', zh: '预约时间', en: 'date and time', type: 'text', format: 'yyyy-MM-dd HH:mm' },
    { name: '预约时间段', zh: '预约时间段', en: 'time range', type: 'text', format: 'HH:mm~HH:mm' },
  ],
});

/** No part may be empty; all items of a composite group are printed together. */
export const receiptItem = table({
  name: 'receiptItems record',
  section: '3.2.5, 3.2.6',
  zh: '回执单参数',
  en: 'receipt parameters: nine parts joined by |',
  separator: '|',
  recordSeparator: ';',
  fields: [
    { name: 'groupId', zh: '分组编号', en: 'from GetExamItemList.GroupId', type: 'text', required: true, from: 'GroupId' },
    { name: 'groupSort', zh: '分组排序号', en: 'from GetExamItemList.GroupSort', type: 'text', required: true, from: 'GroupSort' },
    { name: 'orderid', zh: '预约表编号', en: 'from GetExamItemList.OrderID', type: 'text', required: true, from: 'OrderID' },
    { name: 'printAppointmentId', zh: '主预约ID', en: 'from GetExamItemList.PrintAppointmentID', type: 'text', required: true, from: 'PrintAppointmentID' },
    { name: 'labCode', zh: '检查项目编码', en: 'from GetExamItemList.LabCode', type: 'text', required: true, from: 'LabCode' },
    { name: 'InspectionitemID', zh: '检查项目编号', en: 'from GetExamItemList.InspectionItemID', type: 'text', required: true, from: 'InspectionItemID' },
    { name: 'PatientId', zh: '患者编号', en: 'from GetExamItemList.Patientid', type: 'text', required: true, privacy: 'card', from: 'Patientid' },
    { name: 'appointmentFlag', zh: '临时标志', en: 'from GetExamItemList.AppointmentFlag', type: 'text', required: true, from: 'AppointmentFlag' },
    { name: 'serialNo', zh: '患者社保卡号', en: 'from GetExamItemList.SerialNo', type: 'text', required: true, privacy: 'card', from: 'SerialNo' },
  ],
});
