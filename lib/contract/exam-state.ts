/** State of an exam (4.2): the number 0 to 4, and the words that RIS systems use for it. */
import { examMaster } from './tables/exam';

const names = Object.entries(examMaster.fields.find(field => field.name === 'State')?.allowed ?? {});

/** Usual words, lower case, by state. HL7 v2 result status (table 0123) and DICOM worklist words are among them. */
const WORDS: Readonly<Record<string, string>> = {
  0: '登记 已登记 预约 已预约 到检 已到检 签到 已签到 报到 已报到 申请 已申请 待检查 registered scheduled arrived o s',
  1: '检查 已检查 检查中 已拍片 拍片完成 采集完成 图像到达 待报告 待书写 未写报告 examined completed performed i',
  2: '书写 已书写 报告中 已写报告 初步报告 待审核 未审核 已提交 预报告 written preliminary p r',
  3: '审核 已审核 终审 已终审 一审 复审 已发布 已签发 已打印 报告完成 verified final f',
  4: '修订 已修订 修改 已修改 更正 已更正 补充报告 重新审核 amended corrected addendum c',
};

const stateOfWord: ReadonlyMap<string, string> = new Map([
  ...Object.entries(WORDS).flatMap(([state, words]) => words.split(' ').map(word => [word, state] as const)),
  ...names.flatMap(([state, name]) => [[state, state] as const, [name, state] as const]),
]);

/** The state that a number or a usual word stands for; undefined for anything else. */
export const examState = (text: string): string | undefined => stateOfWord.get(text.trim().toLowerCase());
