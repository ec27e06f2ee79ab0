/** «Does anything answer there?» for the test buttons: no call of the agreement is made and nothing is changed. */
import type { Text } from '../errors';
import { ExchangeError } from '../errors';
import { maskUrl } from '../privacy/mask';
import { type HttpGetOptions, httpGet } from './http-get';

export interface Probe extends HttpGetOptions {
  /** Ask for `?wsdl` and look for the service's description. */
  readonly soap: boolean;
}

export interface ProbeResult {
  readonly ok: boolean;
  readonly text: Text;
  readonly durationMs: number;
}

/** Never throws for what the address does: the result says it in both languages. */
export async function probeAddress(probe: Probe): Promise<ProbeResult> {
  const startedAt = performance.now();
  const result = (ok: boolean, text: Text): ProbeResult => ({
    ok,
    text,
    durationMs: Math.round(performance.now() - startedAt),
  });
  if (!/^https?:\/\/[^/]/i.test(probe.url)) {
    return result(false, {
      zh: '地址应以 http:// 或 https:// 开头',
      en: 'the address must start with http:// or https://',
    });
  }
  const url = probe.soap && !/\?/.test(probe.url) ? `${probe.url}?wsdl` : probe.url;
  try {
    const { status, text } = await httpGet({ ...probe, url });
    const described = /<(?:\w+:)?definitions[\s>]/.test(text);
    if (status === 200 && (described || !probe.soap))
      return result(true, { zh: '地址可用，服务已应答', en: 'the address works, the service answered' });
    if (status < 500 && probe.soap) {
      return result(true, {
        zh: `网络可达（HTTP ${status}），但没有公布 WSDL；如平台关闭了 WSDL 属正常`,
        en: `reachable (HTTP ${status}), but no WSDL is published; normal where the platform hides it`,
      });
    }
    return result(status < 400, {
      zh: `${maskUrl(url)} 返回 HTTP ${status}`,
      en: `${maskUrl(url)} answered HTTP ${status}`,
    });
  } catch (error) {
    if (error instanceof ExchangeError) return result(false, error.text);
    return result(false, { zh: '测试失败', en: 'the test failed' });
  }
}
