/** 3.3: order and booking synchronisation. The hospital tells the platform. */
import { table } from '../field';

/** Names a patient and a date range, no order: the platform then asks GetExamItemList. */
export const updateBillingInfo = table({
  name: 'UpdateBillingInfo',
  section: '3.3.1',
  zh: '同步医疗卫生机构开单',
  en: 'order notification',
  fields: [
    { name: 'OrganCode', zh: '机构代码', en: 'institution code of the booking platform', type: 'text', required: true },
    { name: 'IdNo', zh: '身份证号', en: 'resident ID number', type: 'text', privacy: 'id' },
    { name: 'SerialNo', zh: '社保卡号', en: 'social-security card number', type: 'text', privacy: 'card', searchTerm: 'patient' },
    { name: 'StartDate', zh: '开单开始日期', en: 'order range start', type: 'text', format: 'yyyy-MM-dd' },
    { name: 'EndDate', zh: '开单结束日期', en: 'order range end', type: 'text', format: 'yyyy-MM-dd' },
    { name: 'AreaCode', zh: '院区', en: 'campus', type: 'text' },
    { name: 'PatientType', zh: '患者类型', en: 'patient type', type: 'text', allowed: { 1: '门诊', 3: '体检' } },
  ],
});

/** Only booked data; the status is a number here, Chinese text in GetExamItemList (A-29a). */
export const syncAppointData = table({
  name: 'SyncAppointData',
  section: '3.3.2',
  zh: '同步医疗机构预约信息',
  en: 'booked data',
  fields: [
    { name: 'OrganCode', zh: '机构代码', en: 'institution code', type: 'text' },
    { name: 'HisKey', zh: '单据号', en: 'order number', type: 'text', essential: true, from: 'Hiskey', searchTerm: 'report' },
    { name: 'SocialNo', zh: '社保卡号', en: 'social-security card number', type: 'text', from: 'SerialNo', privacy: 'card' },
    { name: 'SerialNo', zh: '流水号', en: 'serial number; sample repeats the card number', type: 'text', privacy: 'card' },
    { name: 'PatientId', zh: '患者编号', en: 'patient number', type: 'text', from: 'Patientid', privacy: 'card', searchTerm: 'patient' },
    { name: 'BillingDeptCode', zh: '开单科室编码', en: 'ordering department code', type: 'text', from: 'BillDept' },
    { name: 'BillingDeptName', zh: '开单科室名称', en: 'ordering department name', type: 'text', from: 'BillDeptName' },
    { name: 'BillingDocCode', zh: '开单医生编码', en: 'ordering doctor code', type: 'text', from: 'BillDoctorCode' },
    { name: 'BillingDocName', zh: '开单医生名称', en: 'ordering doctor name', type: 'text', from: 'BillDoctorName', privacy: 'name' },
    { name: 'BillingDate', zh: '开单时间', en: 'order time', type: 'text', from: 'Date' },
    { name: 'InspectionItemId', zh: '检查项目编号', en: 'exam item number', type: 'text', from: 'InspectionItemID' },
    { name: 'InspectionItemCode', zh: '检查项目编码', en: 'exam item code', type: 'text', from: 'LabCode' },
    { name: 'InspectionItemName', zh: '检查项目名称', en: 'exam item name', type: 'text', from: 'LabName' },
    { name: 'SubitemGroupId', zh: '子项分组编号', en: 'group number', type: 'text', from: 'GroupId' },
    { name: 'SubitemGroupSort', zh: '子项分组排序号', en: 'order within the group', type: 'text', from: 'GroupSort' },
    { name: 'OrderId', zh: '预约表编号', en: 'appointment table number', type: 'text', from: 'OrderID' },
    { name: 'AppointmentId', zh: '预约编号', en: 'appointment number', type: 'text', from: 'PrintAppointmentID' },
    { name: 'AppointmentStatus', zh: '预约状态', en: 'numeric code', type: 'text', essential: true, allowed: { 1: '已预约', 2: '已取消', 3: '自动组合预约', 4: '组合预约', 5: '已签到', 6: '已检查', 7: '已报告' } },
    { name: 'AppointmentFlag', zh: '临时标志', en: 'temporary flag', type: 'text', from: 'AppointmentFlag' },
    { name: 'AppointmentTime', zh: '预约时间', en: 'sample yyyy-MM-dd HH:mm~HH:mm', type: 'text' },
    { name: 'Description', zh: '项目描述', en: 'item description', type: 'text', from: 'Description' },
    { name: 'PartNotes', zh: '注意事项', en: 'precautions', type: 'text', from: 'PartNotes' },
    { name: 'ClientType', zh: '调用端类型', en: '7', type: 'text' },
    { name: 'PatientType', zh: '患者类型', en: '1 or 3', type: 'text' },
  ],
});
