import { NotImplementedError } from '#lib/errors.ts';

const GREETING = `
Hello from Berth!
This message shows that containers run on this machine.

 1. The client asked the engine to run the image "hello-world".
 2. The engine made a container of it and started the program in it.
 3. The program wrote this text; the engine sent it to you.

To try more, serve a folder of Python:
 $ berth serve examples/iris

`;

const HEADER_BYTES = 64 + 56;
const BASE_ADDRESS = 0x400000;

/** Machine of ELF headers, and write(1, text, length), exit(0). The text follows the code. */
const MACHINES: Readonly<Record<string, { elf: number; code: (text: { address: number; length: number }) => Buffer }>> =
  {
    x64: { elf: 62, code: amd64 },
    arm64: { elf: 183, code: arm64 },
  };

/** The root file system of a stand-in for `hello-world`: one static program that prints a greeting. */
export function helloWorldTar(arch: string): Buffer {
  return tarOf('hello', helloProgram(arch));
}

/** @throws {NotImplementedError} for a machine whose instructions we do not write */
export function helloProgram(arch: string): Buffer {
  const machine = MACHINES[arch];
  if (machine === undefined) throw new NotImplementedError(`there is no stand-in for hello-world on ${arch}`);
  const text = Buffer.from(GREETING);
  const codeBytes = machine.code({ address: 0, length: 0 }).length;
  const address = BASE_ADDRESS + HEADER_BYTES + codeBytes;
  const code = machine.code({ address, length: text.length });
  return Buffer.concat([elfHeader(machine.elf, HEADER_BYTES + code.length + text.length), code, text]);
}

/** ELF-64 header and one program header that loads the whole file, readable and executable (System V ABI, chapters 4 and 5). */
function elfHeader(machine: number, fileBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(header);
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(BASE_ADDRESS + HEADER_BYTES), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // loadable
  header.writeUInt32LE(5, 68); // read, execute
  for (const offset of [80, 88]) header.writeBigUInt64LE(BigInt(BASE_ADDRESS), offset);
  for (const offset of [96, 104]) header.writeBigUInt64LE(BigInt(fileBytes), offset);
  header.writeBigUInt64LE(0x1000n, 112);
  return header;
}

function amd64({ address, length }: { address: number; length: number }): Buffer {
  const code = Buffer.from([
    0xb8, 1, 0, 0, 0, // mov eax, 1 (write)
    0xbf, 1, 0, 0, 0, // mov edi, 1
    0xbe, 0, 0, 0, 0, // mov esi, text
    0xba, 0, 0, 0, 0, // mov edx, length
    0x0f, 0x05, // syscall
    0xb8, 60, 0, 0, 0, // mov eax, 60 (exit)
    0x31, 0xff, // xor edi, edi
    0x0f, 0x05, // syscall
  ]); // prettier-ignore
  code.writeUInt32LE(address, 11);
  code.writeUInt32LE(length, 16);
  return code;
}

/** Moves 16 bits into a register that is cleared. */
function movz(register: number, value: number): number {
  return 0xd2800000 + (value & 0xffff) * 32 + register;
}

/** Moves 16 bits into the second half of a register's lower word. */
function movk(register: number, value: number): number {
  return 0xf2a00000 + (value & 0xffff) * 32 + register;
}

function arm64({ address, length }: { address: number; length: number }): Buffer {
  const supervisorCall = 0xd4000001;
  const words = [
    movz(0, 1),
    movz(1, address & 0xffff),
    movk(1, address >>> 16),
    movz(2, length),
    movz(8, 64), // write
    supervisorCall,
    movz(0, 0),
    movz(8, 93), // exit
    supervisorCall,
  ];
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word >>> 0, index * 4);
  return code;
}

/** A tar of one executable file (POSIX ustar). */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  const octal = (value: number, offset: number, width: number): number =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}
