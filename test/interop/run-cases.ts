import type { BuildCase } from './build-cases.ts';

/** Builds of RUN with all its forms and mounts, by what they show. */
export const RUN_CASES: Readonly<Record<string, BuildCase>> = {
  'heredoc: commands for the shell': {
    dockerfile: `FROM busybox
ENV V=env
RUN <<EOF
echo first > /out
echo "second $V" >> /out
EOF
RUN <<-'EOF'
	echo tabs $V >> /out
		echo two >> /out
	EOF
`,
  },
  'heredoc: a program': {
    dockerfile: `FROM busybox
RUN <<SCRIPT
#!/bin/sh
echo "$0" > /out
SCRIPT
`,
  },
  'heredoc: input of a command, several, other descriptors': {
    dockerfile: `FROM busybox
ARG WHO=me
RUN cat <<A > /one && cat <<'B' > /two
one $WHO
A
two $WHO
B
RUN cat 3<<C <&3 > /three
three
C
RUN <<EOF cat > /four
four
EOF
`,
  },
  'RUN: exec form is taken as it is': {
    dockerfile: `FROM busybox
ENV A=1
RUN ["sh", "-c", "echo $A > /a"]
RUN ["touch", "/$A", "/b c"]
`,
  },
  'RUN: what programs find around them': {
    dockerfile: `FROM busybox
RUN env | sort > /env && hostname > /hostname && pwd > /pwd && umask > /umask && id > /id && tty > /tty; true
RUN cat /proc/self/status | grep -E '^Cap(Bnd|Inh|Amb)|NoNewPrivs' > /status
`,
  },
  'RUN: what changes nothing leaves no layer': {
    dockerfile: `FROM busybox
RUN true
RUN echo a > /a
RUN rm /a && rm -r /home/user
RUN echo b > /etc/group && mkdir /home/user && chmod 1777 /home/user
`,
  },
  'RUN --mount=type=bind: files of the context, also written to': {
    files: { file: 'text\n', 'dir/a': 'a\n', 'dir/b': 'b\n' },
    dockerfile: `FROM busybox
RUN --mount=type=bind,source=file,target=/m/file cat /m/file > /one
RUN --mount=source=dir,target=/d,rw echo new > /d/new && rm /d/a && ls /d > /two
RUN --mount=type=bind,source=dir,target=/d sh -c 'echo x > /d/x' 2> /dev/null; ls /d > /three
WORKDIR /work
RUN --mount=source=dir,target=rel ls rel > /four
RUN --mount=target=. ls > /five
`,
  },
  'RUN --mount=type=bind: from a stage and an image, also written to': {
    dockerfile: `FROM busybox AS made
RUN mkdir /out && echo one > /out/one && chown 5:6 /out/one && chmod 640 /out/one
FROM busybox
RUN --mount=from=made,source=/out,target=/m stat -c '%u:%g %a %n' /m/one > /one
RUN --mount=from=made,target=/all,rw echo two > /all/out/two && cat /all/out/* > /two
RUN --mount=from=made,target=/all ls /all/out > /three
RUN --mount=from=busybox,source=/etc/group,target=/g cat /g > /four
`,
  },
  'RUN --mount=type=cache: owner, mode, beginning': {
    dockerfile: `FROM busybox AS seed
RUN mkdir /seed && echo grain > /seed/file
FROM busybox
RUN --mount=type=cache,target=/c,id=interop-owner,uid=7,gid=8,mode=0711 stat -c '%u:%g %a' /c > /one && touch /c/kept
RUN --mount=type=cache,target=/other,id=interop-owner,uid=7,gid=8,mode=0711 ls /other > /two
RUN --mount=type=cache,target=/c,id=interop-seed,from=seed,source=/seed ls /c > /three
RUN --mount=type=cache,target=/c,id=interop-owner,ro sh -c 'touch /c/x' 2> /dev/null; ls -a /c > /four
`,
  },
  'RUN --mount=type=tmpfs and others that leave nothing': {
    dockerfile: `FROM busybox
RUN --mount=type=tmpfs,target=/t,size=1m grep ' /t ' /proc/mounts | cut -d' ' -f1-3 > /one && echo x > /t/x
RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent && ls -a /run > /two
RUN --mount=type=ssh echo $SSH_AUTH_SOCK > /three && ls -a /run >> /three
RUN ls -d /t /c 2>&1 > /four; true
`,
  },
  'RUN --mount: variables in options': {
    files: { 'data-1/file': 'one\n' },
    dockerfile: `FROM busybox
ARG N=1
ENV T=/target
RUN --mount=type=bind,source=data-$N,target=\${T}/x cat /target/x/file > /one
`,
  },
  'RUN --network=none has only itself': {
    dockerfile: "FROM busybox\nRUN --network=none ip -o link | cut -d' ' -f2 > /links\n",
  },
  'RUN of nothing': { dockerfile: 'FROM busybox\nRUN\nRUN true\n' },
  'RUN --mount on places that are there': {
    dockerfile: `FROM busybox
RUN mkdir /d && echo in > /d/in && ln -s /d /link
RUN --mount=type=tmpfs,target=/d ls -a /d > /one
RUN --mount=type=tmpfs,target=/link ls -a /d > /two
RUN --mount=type=cache,target=/d/in/../sub,id=interop-sub touch /d/sub/x
RUN --mount=type=tmpfs,target=/a/b/c/d true
RUN --mount=type=tmpfs,target=/tmp --mount=type=tmpfs,target=/tmp/inner touch /tmp/x /tmp/inner/y && ls /tmp > /three
RUN ls -a /d > /four
`,
  },
};
