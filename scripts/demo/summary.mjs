// What has passed between hospital and platform, in one line that is written anew only when it changes.
import { receivedBySimulator } from './simulator.mjs';

const EVERY_MS = 1000;

/** Shows the line until `stop()`. On a terminal it replaces itself, elsewhere (a log file) it is a new line. */
export function showSummary(demo) {
  const answered = countAnswers(demo.RED);
  let shown = '';
  let pending = Promise.resolve();
  const timer = setInterval(() => {
    pending = pending.then(async () => {
      const line = summaryLine(answered, await receivedBySimulator(demo.url), demo.hospital.counts());
      if (line === shown) return;
      shown = line;
      process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    }, ignoreUntilNext);
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      demo.RED.hooks.remove('*.demo');
      if (process.stdout.isTTY) process.stdout.write('\n');
    },
  };
}

/** The simulator does not answer during a deploy. */
const ignoreUntilNext = () => undefined;

/** Answers of the hospital by service, as booking-response gives them. */
function countAnswers(RED) {
  const answered = new Map();
  RED.hooks.add('onComplete.demo', ({ node, msg, error }) => {
    if (node.node.type !== 'booking-response' || error) return;
    const { service } = msg.exchange;
    answered.set(service, (answered.get(service) ?? 0) + 1);
  });
  return answered;
}

function summaryLine(answered, { counts, holdings }, waiting) {
  const received = counts.map(({ service, accepted, refused }) => [
    service,
    refused ? `${accepted} (拒绝 ${refused})` : accepted,
  ]);
  const files = holdings.find(({ name }) => name === 'exam').withFile;
  const { newOrders, newBookings, newReports, newExams } = waiting;
  return (
    `预约应答 ${list([...answered])} | 平台收到 ${list(received)}，报告文件 ${files}` +
    ` | 待同步 开单 ${newOrders} 预约 ${newBookings} | 待上传 检验 ${newReports} 检查 ${newExams}`
  );
}

const list = entries => entries.map(([service, count]) => `${service} ${count}`).join('，') || '—';
