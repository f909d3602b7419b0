/** A small build whose result is compared with BuildKit's. */
export interface BuildCase {
  dockerfile: string;
  /** Files of the context. */
  files?: Readonly<Record<string, string>>;
  flags?: readonly string[];
}

/** Builds of all instructions, by what they show. `FROM busybox` is the same image on both sides. */
export const BUILD_CASES: Readonly<Record<string, BuildCase>> = {
  'ENV: forms, quotes and escapes': {
    dockerfile: `FROM busybox
ENV A=1 B="two words" C='$A' D=\\$A E=a\\ b
ENV OLD form of it
ENV F=$A-\${B} G=\${NONE:-default} H=\${A:+set}
ENV A=2 I=$A
RUN env | sort > /env
`,
  },
  'ARG and ENV of one name: what stands later holds': {
    dockerfile: `FROM busybox
ENV X=env
ARG X=arg
RUN echo $X > /first
ENV Y=$X
ARG Z=arg
ENV Z=env
RUN echo $X $Y $Z > /second
`,
  },
  'ARG: defaults, values, none, several in a line': {
    dockerfile: `FROM busybox
ARG A=1 B=\${A}2 C
ARG D=default
ARG GIVEN
RUN echo "$A $B $C $D $GIVEN" > /args
ENV D=\${D}-more
RUN echo "$D" >> /args
`,
    flags: ['--build-arg', 'GIVEN=yes', '--build-arg', 'D=passed'],
  },
  'ARG before FROM: known to a stage that names it': {
    dockerfile: `ARG BASE=busybox
ARG VERSION=1.2
FROM \${BASE}:latest
RUN echo "none:$VERSION" > /none
ARG VERSION
RUN echo "$VERSION" > /version
ARG VERSION=3
RUN echo "$VERSION" > /again
`,
  },
  'arguments go on into a stage that begins with another': {
    dockerfile: `FROM busybox AS one
ARG A=1
ENV B=2
ARG B=3
RUN echo "$A $B" > /one
FROM one
RUN echo "$A $B" > /two
ARG C=$A
RUN echo "$C" > /three
`,
  },
  'platform arguments': {
    dockerfile: `FROM --platform=$BUILDPLATFORM busybox AS part
ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM BUILDOS BUILDARCH TARGETSTAGE
RUN echo "$TARGETPLATFORM $TARGETOS $TARGETARCH $TARGETVARIANT $BUILDPLATFORM $BUILDOS $BUILDARCH" > /platform
`,
  },
  'proxies are given to programs and kept nowhere': {
    dockerfile: `FROM busybox
RUN env | grep -i _proxy | sort > /proxies
ENV X=[$HTTP_PROXY]
`,
    flags: ['--build-arg', 'HTTP_PROXY=http://p:1', '--build-arg', 'no_proxy=example.com'],
  },
  'a proxy that an ARG line names is an argument like others': {
    dockerfile: `FROM busybox
ARG HTTP_PROXY
RUN echo $HTTP_PROXY > /proxy
`,
    flags: ['--build-arg', 'HTTP_PROXY=http://p:1'],
  },
  'LABEL: forms, quotes, variables': {
    dockerfile: `FROM busybox
ENV V=value
LABEL a.b=c "d e"='f g' h="multi \\
line" i=$V j='$V'
LABEL old form
LABEL a.b=again
`,
    flags: ['--label', 'x=a b$c'],
  },
  'EXPOSE: protocols, ranges, variables': {
    dockerfile: `FROM busybox
ENV PORT=9000 LIST="1 2/udp"
EXPOSE 80 53/udp 8000-8002 $PORT/tcp
EXPOSE \${LIST}
EXPOSE 443/TCP
`,
  },
  'VOLUME: words, JSON, variables': {
    dockerfile: `FROM busybox
ENV V=/var/data
VOLUME /a /b
VOLUME ["/c d", "/e"]
VOLUME $V
RUN mkdir -p /a && echo x > /a/file
`,
  },
  'USER and WORKDIR: new folders belong to the user': {
    dockerfile: `FROM busybox
RUN chmod 1777 /tmp
WORKDIR /root/first
USER user
WORKDIR /made/by/user
RUN id > /tmp/id
USER 1000:0
WORKDIR deeper
USER nobody:user
RUN id > /tmp/second
USER 4321
RUN id > /tmp/third
`,
  },
  'WORKDIR: relative, dots, slashes, variables, what is there': {
    dockerfile: `FROM busybox
ENV DIR=/with/var
WORKDIR a
WORKDIR ../b/./c/
WORKDIR $DIR/sub
WORKDIR /etc
WORKDIR /
RUN pwd > /pwd
`,
  },
  'CMD and ENTRYPOINT: shell, JSON, none': {
    dockerfile: `FROM busybox
CMD echo "hello $HOME"
ENTRYPOINT ["/bin/echo", "a b"]
`,
  },
  'ENTRYPOINT takes the CMD of the base away, and leaves an own one': {
    dockerfile: `FROM busybox AS base
CMD ["from", "base"]
FROM base AS one
ENTRYPOINT ["sh"]
FROM base
CMD own
ENTRYPOINT sh -c
`,
  },
  'CMD and ENTRYPOINT that are empty': {
    dockerfile: `FROM busybox
ENTRYPOINT []
CMD []
`,
  },
  'SHELL: of RUN, CMD and ENTRYPOINT': {
    dockerfile: `FROM busybox
SHELL ["/bin/sh", "-e", "-c"]
RUN echo $0 $- > /shell
CMD echo x
SHELL ["/bin/sh", "-c"]
RUN echo y > /y
`,
  },
  'HEALTHCHECK: all options': {
    dockerfile: `FROM busybox
HEALTHCHECK --interval=5s --timeout=3s --start-period=1m30s --start-interval=2s --retries=2 CMD ["true"]
`,
  },
  'HEALTHCHECK: shell form over another one': {
    dockerfile: `FROM busybox
HEALTHCHECK CMD false
HEALTHCHECK --retries=300 CMD wget -q localhost || exit 1
`,
  },
  'HEALTHCHECK NONE': { dockerfile: 'FROM busybox\nHEALTHCHECK NONE\n' },
  'STOPSIGNAL and MAINTAINER': {
    dockerfile: `FROM busybox
ENV S=TERM
STOPSIGNAL SIG$S
MAINTAINER Somebody <some@body.example>
STOPSIGNAL 9
RUN true
`,
  },
  'ONBUILD of an earlier stage': {
    dockerfile: `FROM busybox AS made
RUN echo made > /made
FROM busybox AS base
ONBUILD RUN echo trigger > /trigger
ONBUILD COPY --from=made /made /copied
ONBUILD RUN --mount=type=bind,from=made,target=/m cat /m/made >> /trigger
ONBUILD ENV T=1
FROM base
RUN echo "$T" > /after
`,
  },
  'ONBUILD is kept for the next build': {
    dockerfile: `FROM busybox
ONBUILD RUN echo later
ONBUILD COPY . /app
RUN echo now > /now
`,
  },
  'an image from scratch': {
    dockerfile: 'FROM scratch\nCOPY file /\nENV A=$PATH\nCMD ["/file"]\n',
    files: { file: 'x' },
  },
  'an image from scratch without files': { dockerfile: 'FROM scratch\nLABEL only=this\nUSER 1\n' },
  'COPY and ADD in the history': {
    files: { a: 'a', b: 'b', 'dir/c': 'c' },
    dockerfile: `FROM busybox
COPY a b /x/
COPY --chown=1:2 --chmod=600 dir /y
ADD a /added
ENV D=/z
COPY a $D/
COPY <<EOF /inline
text $D
EOF
`,
  },
  'the escape directive': { dockerfile: '# escape=`\nFROM busybox\nENV A=b `\n  C=c\nRUN echo `\n  one > /one\n' },
  'instructions in small letters, comments between lines': {
    dockerfile: 'from busybox\n# comment\nrun echo a \\\n  # inside\n  && echo b > /b\nenv x=1\nworkdir /w\ncmd x\n',
  },
  'ONBUILD with a heredoc': {
    dockerfile: `FROM busybox AS base
ONBUILD RUN <<EOF
echo one > /one
echo two >> /one
EOF
ONBUILD COPY <<EOF /two
text
EOF
FROM base
RUN cat /one
`,
  },
  'lines that end as on Windows': {
    dockerfile:
      'FROM busybox\r\nENV A=1 \\\r\n  B=2\r\nRUN echo "$A$B" > /ab\r\nCOPY <<EOF /file\r\ntext\r\nEOF\r\nCMD ["x"]\r\n',
  },
  'stages by index, in capitals, by an argument': {
    dockerfile: `ARG NAME=second
FROM busybox AS First
RUN echo 1 > /1
FROM first AS Second
RUN echo 2 > /2
FROM busybox AS third
COPY --from=0 /1 /a/
COPY --from=SECOND /2 /a/
FROM \${NAME}
COPY --from=third /a /b
`,
  },
  'values of many kinds': {
    dockerfile: `FROM busybox
ENV EMPTY= Q='"' QQ="'" NL="a\\nb" U=ü H=a#b S="a;b" D="$$" E="\${A:-\${B:-c}}" P=\${PATH%%:*} R=\${PATH/local/x}
RUN env | sort > /env
LABEL empty= quote='a"b'
`,
  },
  'a user of the base and its folder': {
    dockerfile: `FROM busybox AS base
RUN chmod 1777 /tmp
USER user
WORKDIR /home/user/app
ENTRYPOINT ["e"]
CMD ["c"]
VOLUME /v
EXPOSE 1
LABEL l=1
STOPSIGNAL 9
HEALTHCHECK CMD h
SHELL ["/bin/sh", "-c"]
FROM base
RUN id -u > id && pwd > /tmp/pwd && echo $HOME > /tmp/home
COPY --chown=user . .
`,
    files: { file: 'x' },
  },
};
