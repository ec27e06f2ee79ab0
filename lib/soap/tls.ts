/** TLS settings of a peer, checked before the first call. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { ExchangeError, type Text } from '../errors';

export interface SoapTlsOptions {
  /** PEM certificates to trust instead of the well-known authorities. */
  readonly ca?: string | Buffer | (string | Buffer)[];
  /** Our certificate and key, PEM; or both in one PFX. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  /** False accepts any certificate: for a test only. */
  readonly rejectUnauthorized?: boolean;
  /** The name in the peer's certificate, where it differs from the host of the address. */
  readonly servername?: string;
}

/** @throws ExchangeError TLS: certificate, key or PFX cannot be read; the text tells what to do. */
export function secureContext({ ca, cert, key, pfx, passphrase }: SoapTlsOptions): SecureContext {
  const trusted =
    ca === undefined || typeof ca === 'string' || Buffer.isBuffer(ca) ? [ca ?? []].flat() : [...ca];
  // OpenSSL passes over anything else in silence, and every call fails later.
  if (trusted.some(one => !one.includes('-----BEGIN'))) throw tlsError(UNREADABLE);
  try {
    return createSecureContext({
      ...(ca !== undefined && { ca: trusted }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(pfx !== undefined && { pfx }),
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch (error) {
    throw tlsError(reason(error instanceof Error ? error.message : ''));
  }
}

const tlsError = (text: Text): ExchangeError => new ExchangeError({ code: 'TLS', retry: 'never', text });

function reason(message: string): Text {
  const known = KNOWN_REASONS.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? UNREADABLE;
}

const UNREADABLE: Text = {
  zh: '证书或私钥无法读取：CA、证书和私钥应为 PEM 格式，PFX 应为 .pfx/.p12 文件',
  en: 'certificate or key cannot be read: CA, certificate and key must be PEM, a PFX must be a .pfx/.p12 file',
};

const KNOWN_REASONS: readonly (readonly [RegExp, Text])[] = [
  [
    /Unsupported PKCS12/i,
    {
      zh:
        'PFX 使用了已淘汰的 RC2 加密（旧版 Windows 导出），请转换后再用：' +
        'openssl pkcs12 -legacy -in old.pfx -nodes -out all.pem，然后 openssl pkcs12 -export -in all.pem -out new.pfx',
      en:
        'the PFX is encrypted with the outdated RC2 (export of an old Windows); convert it: ' +
        'openssl pkcs12 -legacy -in old.pfx -nodes -out all.pem, then openssl pkcs12 -export -in all.pem -out new.pfx',
    },
  ],
  [
    /mac verify failure|bad decrypt|bad password|passphrase|interrupted or cancelled/i,
    { zh: '证书或私钥的密码不正确', en: 'wrong passphrase of the certificate or key' },
  ],
  [/key values mismatch/i, { zh: '私钥与证书不匹配', en: 'the key does not belong to the certificate' }],
];
