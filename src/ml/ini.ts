/** A value of an INI file such as setup.cfg, with the lines that it stands on. */
export interface IniValue {
  text: string;
  line: number;
  /** Each line of the value that holds something; a value of several lines is a list in setup.cfg. */
  items: readonly { text: string; line: number }[];
}

/** Reads the INI files of Python's configparser: sections of keys; deeper lines continue a value. What is neither is passed over. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, IniValue>> {
  const sections = new Map<string, Map<string, IniValue>>();
  let section = new Map<string, IniValue>();
  let items: { text: string; line: number }[] | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trimEnd();
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    const assignment = /^([^\s=:[][^=:]{0,200}?)\s{0,20}[=:]\s*(.*)$/.exec(line);
    if (header !== undefined) {
      section = sections.get(header.trim()) ?? new Map<string, IniValue>();
      sections.set(header.trim(), section);
      items = undefined;
    } else if (/^\s/.test(line)) items?.push({ text: line.trim().replace(/\s#.*$/, ''), line: index + 1 });
    else if (assignment !== null) {
      const value = (assignment[2] ?? '').replace(/\s#.*$/, '');
      items = value === '' ? [] : [{ text: value, line: index + 1 }];
      const own = items;
      section.set((assignment[1] ?? '').toLowerCase(), {
        line: index + 1,
        items: own,
        get text() {
          return own.map((item) => item.text).join('\n');
        },
      });
    }
  }
  return sections;
}
