import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Releases whose packages have moved to the archive. Source: Debian's and Ubuntu's pages of releases, 2026-11. */
const ENDED = /(?:^|[:-])(wheezy|jessie|stretch|buster|trusty|xenial|bionic)(?:$|[-@\s])|^(?:debian:(?:7|8|9|10)\b|ubuntu:(?:14|16|18)\.04)|ubuntu(14|16|18)\.04|^centos:/i; // prettier-ignore

/** A system without fixes. */
export const oldBase: ProjectRule = {
  code: 'old-base',
  severity: 'warning',
  title: 'bases are releases that still get fixes',
  why: 'Security fixes have ended, and apt-get update fails because the lists have moved.',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim-bookworm\nCOPY . .\n' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.8-slim-buster\nCOPY . .\n' },
  *check({ dockerfile }) {
    for (const [index, line] of (dockerfile?.lines ?? []).entries()) {
      const image = /^\s*FROM\s+(?:--\S+\s+)*(\S+)/i.exec(line)?.[1];
      if (image !== undefined && ENDED.test(image)) yield { file: dockerfile?.path ?? null, line: index + 1, message: `${image} is a release that gets no fixes any more`, fix: 'take one of Debian 12 (bookworm) or later' };
    }
  },
}; // prettier-ignore
