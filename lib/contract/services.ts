/** The services of the agreement: who calls whom, with which records, until when. */
import { type Table } from './field';
import * as booking from './tables/booking';
import { archiveEnvelope, hospitalCall, platformCall, reportQuery } from './tables/envelope';
import { examMaster } from './tables/exam';
import { labMaster, labSubitem } from './tables/lab';
import { syncAppointData, updateBillingInfo } from './tables/sync';
import * as viewer from './tables/viewer';

/** A service that the booking platform calls at the hospital (3.2). */
export interface BookingService {
  readonly section: string;
  readonly zh: string;
  readonly request: Table;
  /** Records of the answer at returnContent/items/item; absent: the answer has no list. */
  readonly items?: Table;
  /** The answer is one base64 PDF at returnContent/item. */
  readonly pdf?: true;
  /** Changes bookings: must not be carried out twice when the platform repeats the call (A-29i). */
  readonly changes?: true;
}

const bookingService = <const T extends BookingService>(service: T): T => service;

/** The seven services of AppointmentDealInterface, in the order of the agreement. */
export const bookingServices = {
  GetExamItemList: bookingService({
    section: '3.2.1',
    zh: '获取开单项目列表',
    request: booking.getExamItemListRequest,
    items: booking.getExamItemListItem,
  }),
  GetSignalSourceList: bookingService({
    section: '3.2.2',
    zh: '获取预约号源接口',
    request: booking.getSignalSourceListRequest,
    items: booking.getSignalSourceListItem,
  }),
  MedicalAppoint: bookingService({
    section: '3.2.3',
    zh: '预约接口',
    request: booking.medicalAppointRequest,
    changes: true,
  }),
  CancelAppoint: bookingService({
    section: '3.2.4',
    zh: '取消预约',
    request: booking.cancelAppointRequest,
    changes: true,
  }),
  GetAppointReceipt: bookingService({
    section: '3.2.5',
    zh: '获取回执单（PDF格式）',
    request: booking.getAppointReceiptRequest,
    pdf: true,
  }),
  GetAppointReceiptXml: bookingService({
    section: '3.2.6',
    zh: '获取回执单（XML格式）',
    request: booking.getAppointReceiptXmlRequest,
    items: booking.getAppointReceiptXmlItem,
  }),
  GetAppointItemInfo: bookingService({
    section: '3.2.7',
    zh: '获取检查项目信息',
    request: booking.getAppointItemInfoRequest,
    items: booking.examDepartment,
  }),
} as const;

export type BookingServiceName = keyof typeof bookingServices;

export const bookingServiceNames = Object.keys(bookingServices) as BookingServiceName[];

/** Finds a booking service by its name in any case. */
export const bookingServiceName = (text: string): BookingServiceName | undefined =>
  bookingServiceNames.find(name => name.toLowerCase() === text.trim().toLowerCase());

/** Services of CallInterface (3.3). Both may be sent again: a notification, and an upsert by HisKey. */
export const syncServices = {
  UpdateBillingInfo: { section: '3.3.1', zh: '同步医疗卫生机构开单', record: updateBillingInfo },
  SyncAppointData: { section: '3.3.2', zh: '同步医疗机构预约信息', record: syncAppointData },
} as const;

export type SyncServiceName = keyof typeof syncServices;

export const syncServiceNames = Object.keys(syncServices) as SyncServiceName[];

/** Methods of IAutoReport.asmx (4). */
export const reportMethods = {
  ArchiveAutoReport: { parameters: ['strReportInfo'], envelope: archiveEnvelope },
  GetLabInfo: {
    section: '4.3',
    zh: '检验报告查询',
    parameters: reportQuery.fields.map(field => field.name),
    master: labMaster,
    items: labSubitem,
  },
  GetExamInfo: {
    section: '4.4',
    zh: '检查报告查询',
    parameters: reportQuery.fields.map(field => field.name),
    master: examMaster,
  },
} as const;

/** The two reports that ArchiveAutoReport takes. */
export const reports = {
  lab: { section: '4.1', zh: '检验报告注册', master: labMaster, items: labSubitem },
  exam: { section: '4.2', zh: '检查报告注册', master: examMaster },
} as const;

/** Columns that tie a lab item to its master (A-49e). */
export const LAB_JOIN = ['org_code', 'event_no', 'report_form_no'] as const;

/** The viewer pages by their name in the address (5.1.6). */
export const viewerPages = {
  ClinicExamView: viewer.clinicExamView,
  ClinicExamList: viewer.clinicExamList,
  RelatedExamList: viewer.relatedExamList,
  ClinicExam: viewer.clinicExam,
} as const;

export type ViewerPageName = keyof typeof viewerPages;

/** SOAP methods with their parameter names, exactly as printed: ASMX binds by name and case. */
export const soapMethods = {
  AppointmentDealInterface: hospitalCall.fields.map(field => field.name),
  CallInterface: platformCall.fields.map(field => field.name),
  ArchiveAutoReport: reportMethods.ArchiveAutoReport.parameters,
  GetLabInfo: reportMethods.GetLabInfo.parameters,
  GetExamInfo: reportMethods.GetExamInfo.parameters,
} as const;

/** The .NET default namespace; the agreement states none. */
export const DEFAULT_NAMESPACE = 'http://tempuri.org/';

/** One line of the agreement's overview: the 17 interfaces, 11 of them basic. */
export interface Interface {
  readonly section: string;
  readonly zh: string;
  readonly service: string;
  readonly basic: boolean;
  readonly due: string;
}

const BASIC_DUE = '2018-04-02';
const OTHER_DUE = '2018-12-31';

const one = (section: string, zh: string, service: string, basic: boolean): Interface => ({
  section,
  zh,
  service,
  basic,
  due: basic ? BASIC_DUE : OTHER_DUE,
});

/** The services without 基本接口 in the overview table. */
const NOT_BASIC: ReadonlySet<string> = new Set(['3.2.2', '3.2.3', '3.2.4', '3.2.5', '3.2.6', '3.3.2']);

/** The 17 interfaces in the order of the agreement. */
export const interfaces: readonly Interface[] = [
  ...Object.entries({ ...bookingServices, ...syncServices }).map(([name, { section, zh }]) =>
    one(section, zh, name, !NOT_BASIC.has(section)),
  ),
  one(reports.lab.section, reports.lab.zh, 'ArchiveAutoReport (lab)', true),
  one(reports.exam.section, reports.exam.zh, 'ArchiveAutoReport (exam)', true),
  one('4.3', reportMethods.GetLabInfo.zh, 'GetLabInfo', true),
  one('4.4', reportMethods.GetExamInfo.zh, 'GetExamInfo', true),
  one('5.1.3', '检查影像上传', 'DICOM', true),
  one('5.1.4', '电子胶片上传', 'DICOM EFILM', true),
  one('5.1.5', '图文报告上传', 'ReportFilePath', true),
  one('5.1.6', '检查数据浏览接口', 'Viewer pages', true),
];
