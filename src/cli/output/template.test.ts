import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { compileTemplate } from './template.ts';

const CONTAINER = {
  Id: '0123456789ab',
  Name: '/web',
  State: { Running: true, ExitCode: 0 },
  Config: { Cmd: ['python', 'app.py'], Labels: { 'com.example.a': '1', b: '2' }, Entrypoint: null },
  NetworkSettings: {
    Networks: { bridge: { IPAddress: '10.0.0.2' }, other: { IPAddress: '10.0.1.2' } },
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
  },
  Mounts: [{ Source: '/a' }, { Source: '/b' }],
};

test.each([
  ['{{.Id}}', '0123456789ab'],
  ['{{ .State.Running }} {{.State.ExitCode}}', 'true 0'],
  ['{{json .Config.Cmd}}', '["python","app.py"]'],
  ['{{.Config.Cmd}}', '[python app.py]'],
  ['{{.Config.Labels}}', 'map[b:2 com.example.a:1]'],
  ['{{index .Config.Labels "com.example.a"}}', '1'],
  ['{{index .Config.Cmd 1}}', 'app.py'],
  ['{{range .Mounts}}{{.Source}};{{end}}', '/a;/b;'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', '10.0.0.2 10.0.1.2 '],
  ['{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}},{{end}}', 'bridge=10.0.0.2,other=10.0.1.2,'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if eq .State.ExitCode 1}}one{{else if eq .State.ExitCode 0}}zero{{else}}more{{end}}', 'zero'],
  ['{{with .Config.Entrypoint}}{{.}}{{else}}none{{end}}', 'none'],
  ['{{join .Config.Cmd " "}}|{{upper "a"}}|{{len .Mounts}}', 'python app.py|A|2'],
  ['{{.Name | printf "%-6s|" }}', '/web  |'],
  ['{{slice .Name 1}}', 'web'],
  ['{{- /* a comment */ -}} x', 'x'],
  ['{{$name := .Name}}{{$name}}', '/web'],
  ['{{println "a"}}b', 'a\nb'],
  ['a\\tb', 'a\tb'],
  ['{{not .State.Running}} {{and .State.Running "x"}} {{or "" "y"}}', 'false x y'],
  ['{{.Config.Labels.nothing}}', '<no value>'],
  ['{{printf "%q" .Name}}', '"/web"'],
  ['{{`raw }} text`}}', 'raw }} text'],
])('%s gives %s', (template, text) => {
  expect(compileTemplate(template)(CONTAINER)).toBe(text);
});

test.each([
  '{{.Nope}}',
  '{{nope .Id}}',
  '{{.Id',
  '{{range .Mounts}}',
  '{{end}}',
  '{{$x}}',
  '{{.Id | }}',
  '{{if}}',
  '{{"a" "b"}}',
])('%s is told to be wrong', (template) => {
  expect(() => compileTemplate(template)(CONTAINER)).toThrow(InvalidArgumentError);
});
