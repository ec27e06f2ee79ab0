/** 3.1, 4: what carries the records: SOAP parameters, headers, the archive document, the JSON answer. */
import { table } from '../field';

export const hospitalCall = table({
  name: 'AppointmentDealInterface',
  section: '3.1.1',
  zh: '医疗机构服务入口',
  en: 'entry point of the hospital',
  fields: [
    { name: 'msgHeader', zh: '消息头', en: 'service name, message type, operator, credential; XML text', type: 'text', required: true },
    { name: 'msgBody', zh: '消息体', en: 'input of the service; XML text', type: 'text', required: true },
  ],
});

export const hospitalHeader = table({
  name: 'msgHeader',
  section: '3.1.1',
  zh: '消息头',
  en: 'header of a call to the hospital',
  root: 'root',
  fields: [
    { name: 'serverName', zh: '服务名', en: 'service name', type: 'text', required: true, allowed: { GetExamItemList: 'GetExamItemList', GetSignalSourceList: 'GetSignalSourceList', MedicalAppoint: 'MedicalAppoint', CancelAppoint: 'CancelAppoint', GetAppointReceipt: 'GetAppointReceipt', GetAppointReceiptXml: 'GetAppointReceiptXml', GetAppointItemInfo: 'GetAppointItemInfo' } },
    { name: 'format', zh: '消息类型', en: 'message type', type: 'text', required: true, allowed: { xml: 'xml' }, default: 'xml' },
    { name: 'callOperator', zh: '操作者', en: 'operator', type: 'text', required: true, default: 'xmzsh' },
    { name: 'certificate', zh: '凭证号', en: 'credential, issued by the hospital', type: 'text', required: true, secret: true },
  ],
});

export const platformCall = table({
  name: 'CallInterface',
  section: '3.1.2',
  zh: '区域平台服务入口',
  en: 'entry point of the platform',
  fields: [
    { name: 'MsgHeader', zh: '消息头', en: 'service name, operator, credential; XML text', type: 'text', required: true },
    { name: 'MsgBody', zh: '消息体', en: '<MsgBody><Params>…</Params></MsgBody>; XML text', type: 'text', required: true },
  ],
});

export const platformHeader = table({
  name: 'MsgHeader',
  section: '3.1.2',
  zh: '消息头',
  en: 'header of a call to the platform',
  root: 'MsgHeader',
  fields: [
    { name: 'ServerName', zh: '服务名', en: 'service name', type: 'text', required: true, allowed: { UpdateBillingInfo: 'UpdateBillingInfo', SyncAppointData: 'SyncAppointData' } },
    { name: 'Operator', zh: '操作账号 / 访问者', en: 'operator account; per hospital', type: 'text', required: true },
    { name: 'AppId', zh: '凭证号 / 访问秘钥', en: 'credential, issued by the platform', type: 'text', required: true, secret: true },
  ],
});

export const platformAnswer = table({
  name: 'CallInterface answer',
  section: '3.1.2',
  zh: '区域平台返回结果',
  en: 'JSON answer of CallInterface',
  fields: [
    { name: 'Status', zh: '状态', en: '1 success, 0 failure', type: 'json', required: true, allowed: { 1: '成功', 0: '失败' } },
    { name: 'Msg', zh: '返回信息 / 失败消息', en: 'message', type: 'text', required: true },
    { name: 'Total', zh: '总条数', en: 'total count', type: 'json' },
    { name: 'Rows', zh: '返回数据集', en: 'general: array of objects; for UpdateBillingInfo and SyncAppointData: flag of success or failure', type: 'json' },
  ],
});

export const archiveEnvelope = table({
  name: 'strReportInfo',
  section: '4.1, 4.2',
  zh: '报告注册文档',
  en: 'archive document: root/@time and root/org/item',
  fields: [
    { name: 'time', zh: '时间', en: 'root attribute', type: 'text', format: 'yyyy-MM-dd HH:mm:ss' },
    { name: 'date_t', zh: '日期', en: 'attribute', type: 'text', format: 'yyyy-MM-dd' },
    { name: 'orgcode', zh: '医疗机构编码', en: 'attribute; must equal org_code of the rows (reading)', type: 'text' },
    { name: 'orgname', zh: '医疗机构名称', en: 'attribute', type: 'text' },
  ],
});

/** strIDNO is the card number and strSSID the ID number, as printed (A-49a); one of the two must be filled. */
export const reportQuery = table({
  name: 'GetLabInfo/GetExamInfo',
  section: '4.3, 4.4',
  zh: '报告查询参数',
  en: 'parameters of GetLabInfo and GetExamInfo',
  fields: [
    { name: 'strIDNO', zh: '卡号', en: 'card number (as described; name suggests ID number)', type: 'text', privacy: 'card' },
    { name: 'strSSID', zh: '身份证号', en: 'ID number (as described; name suggests social-security id)', type: 'text', privacy: 'id' },
    { name: 'strStartTime', zh: '开始时间', en: 'start', type: 'text', required: false },
    { name: 'strEndTime', zh: '结束时间', en: 'end', type: 'text', required: false },
    { name: 'strCredential', zh: '身份标识', en: 'identity credential', type: 'text', secret: true },
    { name: 'strKey', zh: '对称钥匙', en: 'symmetric key', type: 'text', secret: true },
  ],
});
