import { X509Certificate } from 'node:crypto';

/** A certificate as PEM, with what tells it from others: its bytes, whatever the line lengths around them. */
export interface Certificate {
  /** Base64 of the DER bytes. */
  key: string;
  /** One PEM block with a newline at its end. */
  pem: string;
}

const BLOCK = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The certificates of a text in PEM form, each once; whatever stands between them is left out. */
export function parseCertificates(text: string): Certificate[] {
  const found = new Map<string, Certificate>();
  for (const [, body = ''] of text.matchAll(BLOCK)) {
    const key = body.replaceAll(/\s+/g, '');
    const lines = key.match(/.{1,64}/g) ?? [];
    if (lines.length > 0)
      found.set(key, {
        key,
        pem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
      });
  }
  return [...found.values()];
}

/** Those of `all` that `known` does not have. */
export function certificatesBeyond(all: readonly Certificate[], known: readonly Certificate[]): Certificate[] {
  const keys = new Set(known.map(({ key }) => key));
  return all.filter(({ key }) => !keys.has(key));
}

/** For people: whose certificate it is. */
export function subjectOf({ pem }: Certificate): string {
  try {
    return new X509Certificate(pem).subject.replaceAll('\n', ', ');
  } catch {
    return 'a certificate that cannot be read';
  }
}
