import { defineCommand } from '../command.ts';
import { UsageError } from '../parse-options.ts';

const BASH = `_berth() {
  local words
  mapfile -t words < <(berth __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=($(compgen -W "\${words[*]}" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _berth berth`;

const ZSH = `#compdef berth
_berth() {
  local -a found
  found=(\${(f)"$(berth __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _berth berth`;

/** `berth completion` */
export const completion = defineCommand({
  usage: 'bash|zsh',
  details:
    'For bash: eval "$(berth completion bash)" in ~/.bashrc. For zsh: eval "$(berth completion zsh)" in ~/.zshrc.',
  options: {},
  words: { min: 1, max: 1 },
  async run({ output }, { words: [shell = ''] }) {
    const script = { bash: BASH, zsh: ZSH }[shell];
    if (script === undefined)
      throw new UsageError(`no completions for ${shell}`, { hint: 'berth completion bash, or zsh' });
    output.line(script);
    return 0;
  },
});
