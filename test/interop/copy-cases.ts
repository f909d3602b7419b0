/** A small build of which the files are compared with those of BuildKit. */
export interface CopyCase {
  /** Behind `FROM scratch`, or the whole if it has a FROM itself. */
  dockerfile: string;
  /** Instead of the common files: text, `-> target` for a link, `= path` for a second name of a file, an octal mode behind `mode` for a folder. */
  files?: Readonly<Record<string, string>>;
  /** Both refuse it. */
  isRefused?: true;
}

/** What the context has unless a case says otherwise, beside archives of the folder d and of `LINKS`. */
export const COMMON: Readonly<Record<string, string>> = {
  'd/a': 'a',
  'd/b.txt': 'b',
  'd/s/c': 'c',
  'd/s/t.txt': 't',
  f: 'F',
  'g.txt': 'G',
  'h.md': 'H',
};

/** What `links.tar` has: links that a copy may meet in the image. */
export const LINKS: Readonly<Record<string, string>> = {
  real: 'r',
  file: '-> real',
  nowhere: '-> missing',
  'folder/x': 'x',
  relative: '-> folder',
  absolute: '-> /folder',
  above: '-> ../../folder',
  'has/f': '-> ../real',
  'has2/s': '-> ../folder',
};

const MODES = { 'm/x': 'x', 'm/n/y': 'y', 'm/n': 'mode 750', m: 'mode 700' };
const USERS = `FROM scratch AS users
COPY <<P /etc/passwd
root:x:0:0:root:/root:/bin/sh
user:x:1000:100:u:/:/bin/sh
P
COPY <<P /etc/group
root:x:0:
users:x:100:
user:x:1000:
P
`;
const WITH_LINKS = 'ADD links.tar /\n';
const IN_CONTEXT = {
  ...COMMON,
  link: '-> f',
  folder: '-> d',
  'dd/in': '-> ../f',
  'dd/one': 'same',
  'dd/two': '= dd/one',
  outside: '-> /etc/passwd',
  above: '-> ../../../etc/passwd',
};

export const COPY_CASES: Readonly<Record<string, CopyCase>> = {
  'a folder to a new place keeps the modes inside, not its own': {
    dockerfile: 'COPY m /x\nCOPY m /y/\nCOPY m /z/z\n',
    files: MODES,
  },
  'a folder to one that is there, which keeps its mode': { dockerfile: 'COPY --chmod=711 f /x/f\nCOPY d /x\n' },
  'folders inside become like those that come': {
    dockerfile: 'COPY --chown=5:6 d /x/n\nCOPY m /x\n',
    files: { ...COMMON, ...MODES },
  },
  'a folder to the top': { dockerfile: 'COPY d /\n' },
  'all of it': { dockerfile: 'COPY . /x\n' },
  'the content of several folders': { dockerfile: 'COPY d m /x/\n', files: { ...COMMON, ...MODES } },
  'folders that a pattern matches lose their name': { dockerfile: 'COPY m/* /x/\n', files: MODES },
  'an empty folder': { dockerfile: 'COPY e /x\nCOPY . /y\n', files: { e: 'mode 711' } },
  'a pattern that matches nothing': { dockerfile: 'COPY *.nope /x/\nCOPY f *.nope /y/\n' },
  'several sources for a name without a slash': { dockerfile: 'COPY f g.txt /x\n' },
  'a pattern for a name without a slash': { dockerfile: 'COPY g* /x\n' },
  'files and folders for one name': { isRefused: true, dockerfile: 'COPY d/* /x\n' },
  'above the context is the context': { dockerfile: 'COPY ../f ../../d/a /x/\n' },
  'nothing of that name': { isRefused: true, dockerfile: 'COPY nope /x\n' },
  'destinations with dots': {
    dockerfile: 'WORKDIR /w/v\nCOPY f .\nCOPY f ..\nCOPY f ./x/.\nCOPY f /y/.\nCOPY f a/../b\n',
  },
  'patterns of all kinds': {
    dockerfile: 'COPY ?.txt /a/\nCOPY [a-g].txt /b/\nCOPY **/*.txt /c/\nCOPY d/*/c /d/\nCOPY [^g]* /e/\n',
  },
  'names with blanks and brackets': {
    dockerfile: 'COPY ["a b", "/x y"]\nCOPY ar[[]0].txt /z\n',
    files: { 'a b': '1', 'ar[0].txt': '2' },
  },
  'names that begin with a dot': { dockerfile: 'COPY * /x/\nCOPY e /y\n', files: { '.h': '1', 'e/.k': '2' } },
  variables: { dockerfile: 'ARG Y=/yy\nENV Z=d\nCOPY --chown=${U:-4} $Z ${Y}\n' },
  heredocs: { dockerfile: 'ENV A=b\nCOPY --chmod=640 <<one <<"two" /x/\n$A\none\n$A\ntwo\nCOPY <<E /y\nz\nE\n' },
  'links that are named': {
    dockerfile: 'COPY link /x\nCOPY folder /y\nCOPY folder/a /z/\nCOPY link f /w/\n',
    files: IN_CONTEXT,
  },
  'links in a folder, and second names': { dockerfile: 'COPY dd /x\nCOPY . /y\n', files: IN_CONTEXT },
  'links and patterns': { dockerfile: 'COPY l* /x/\nCOPY f*/a /y/\nCOPY folder/*.txt /z/\n', files: IN_CONTEXT },
  'a link out of the context': { isRefused: true, dockerfile: 'COPY outside /x\n', files: IN_CONTEXT },
  'a link to above the context': { isRefused: true, dockerfile: 'COPY above /x\n', files: IN_CONTEXT },
  'to a link in the image': { dockerfile: `${WITH_LINKS}COPY f /file\n` },
  'to a link that leads nowhere': { dockerfile: `${WITH_LINKS}COPY f /nowhere\n` },
  'through links to folders': { dockerfile: `${WITH_LINKS}COPY f /relative/\nCOPY d /absolute\nCOPY f /above/q\n` },
  'over a link in a folder': { dockerfile: `${WITH_LINKS}COPY f /has/\n` },
  'a folder over a link': { isRefused: true, dockerfile: `${WITH_LINKS}COPY d /has2\n` },
  'a file over a folder': { isRefused: true, dockerfile: 'COPY f /x/f/q\nCOPY f /x/\n' },
  'a folder over a file': { isRefused: true, dockerfile: 'COPY f /x\nCOPY d /x\n' },
  'a folder inside over a file': { isRefused: true, dockerfile: 'COPY f /x/s\nCOPY d /x\n' },
  '--chown with numbers': { dockerfile: 'COPY --chown=5 d /x/y\nCOPY --chown=5:6 d /z/\n' },
  '--chown with names': {
    dockerfile: `${USERS}COPY --chown=user f /a/\nCOPY --chown=user:users f /b/\nCOPY --chown=1000 f /c/\nCOPY --chown=:users f /d/\nCOPY --chown=user:7 f /e/\nCOPY --chown=nobody f /f/\n`,
  },
  '--chmod with numbers': {
    dockerfile: 'COPY --chmod=640 d /x\nCOPY --chmod=4755 f /y/z\nCOPY --chmod=777 d/s /z/w/\n',
  },
  '--chmod with letters': {
    dockerfile:
      'COPY --chmod=g+w f /a\nCOPY --chmod=u=rwX,go=rX d /b\nCOPY --chmod=u+x,g=u f /c/\nCOPY --chmod=a=,+x f /e\n',
  },
  '--chmod does nothing to links': { dockerfile: 'COPY --chmod=600 dd /x\n', files: IN_CONTEXT },
  '--chmod out of range': { isRefused: true, dockerfile: 'COPY --chmod=10000 f /x\n' },
  '--exclude': {
    dockerfile:
      'COPY --exclude=*.txt d /a\nCOPY --exclude=**/*.txt d /b\nCOPY --exclude=s d /c\nCOPY --exclude=d/s . /e/\n',
  },
  '--exclude and what is named itself': {
    dockerfile: 'COPY --exclude=f f g.txt /a/\nCOPY --exclude=*.txt ?.* /b/\nCOPY --exclude=/d/s . /c\n',
  },
  '--exclude with exceptions': { dockerfile: 'COPY --exclude=s --exclude=!s/c d /a\nCOPY --exclude=* d /b\n' },
  'ADD unpacks archives': {
    dockerfile:
      'ADD d.tar /a\nADD d.tar.gz /b/\nADD d.tar.bz2 d.tar.zst /c/\nADD --chown=3:4 d.tar /e/\nADD --chmod=700 d.tar /g\n',
  },
  'ADD takes other files as they are': {
    dockerfile: 'ADD f /x/\nADD d /y\nADD broken.gz /z/\nADD --unpack=false d.tar /w/\n',
  },
  'ADD to where a link leads': { dockerfile: `${WITH_LINKS}ADD d.tar /relative\n` },
  'COPY --unpack is no flag': { isRefused: true, dockerfile: 'COPY --unpack d.tar /x\n' },
  'COPY from a stage': {
    dockerfile:
      'FROM scratch AS one\nCOPY --chown=7:8 d /q\nFROM scratch\nCOPY --from=one /q /x\nCOPY --from=one --chown=1:1 /q /y\nCOPY --from=0 q/a ../../q/s/c /z/\n',
  },
  'COPY from a stage what it does not have': {
    isRefused: true,
    dockerfile: 'FROM scratch AS one\nFROM scratch\nCOPY --from=one nope /x\n',
  },
  'COPY from an empty stage': { dockerfile: 'FROM scratch AS one\nFROM scratch\nCOPY --from=one / /x\n' },
  'special files of the context': { dockerfile: 'COPY p /x\n', files: { 'p/pipe': 'fifo', 'p/f': 'x' } },
  'an ignore file': {
    dockerfile: 'COPY . /x\n',
    files: { ...COMMON, '.dockerignore': 'd\n!d/s/c\nDockerfile\n*.tar*\n*.gz\n**/*.md\n' },
  },
  'a file that is ignored': {
    isRefused: true,
    dockerfile: 'COPY f /x\n',
    files: { ...COMMON, '.dockerignore': 'f\n' },
  },
  'a folder that is ignored': {
    isRefused: true,
    dockerfile: 'COPY d /x\n',
    files: { ...COMMON, '.dockerignore': 'd\n' },
  },
  'a folder of which all is ignored': { dockerfile: 'COPY d /x\n', files: { ...COMMON, '.dockerignore': 'd/*\n' } },
};
