import { expect, test } from 'vitest';
import { attribute, decodeAnswers, decodeAttributes, decodeText, encodeRequest, nested } from './netlink-message.ts';
import { newAddress, newBridge, newDefaultRoute, newVeth, setHairpin } from './rtnetlink.ts';

/** Digits with spaces for the reader. */
const packed = (text: string): string => text.replaceAll(' ', '');
const hex = (bytes: Buffer): string => bytes.toString('hex');

test('an attribute is padded to four bytes, its length is not', () => {
  expect(hex(attribute(3, 'lo'))).toBe('070003006c6f0000');
  expect(hex(attribute(4, 1400))).toBe('0800040078050000');
});

test('an attribute that holds attributes says so in its type', () => {
  expect(hex(nested(18, [attribute(4, 1)]))).toBe(packed('0c001280 0800040001000000'));
});

test('attributes come back as they went in, the nested mark taken off', () => {
  const found = decodeAttributes(Buffer.concat([attribute(3, 'eth0'), nested(18, [attribute(1, 'veth')])]));
  expect(decodeText(found.get(3))).toBe('eth0');
  expect(decodeText(decodeAttributes(found.get(18) ?? Buffer.alloc(0)).get(1))).toBe('veth');
});

test('attributes with a broken length end the list and nothing more', () => {
  expect(decodeAttributes(Buffer.from('02000300', 'hex')).size).toBe(0);
  expect(decodeAttributes(Buffer.from('ff000300aa', 'hex')).size).toBe(0);
});

test('a request has its length, type, flags and sequence in the header', () => {
  const bytes = encodeRequest({ type: 16, flags: 0x604, body: Buffer.alloc(4), what: '' }, 7);
  expect(hex(bytes)).toBe(packed('14000000 1000 0506 07000000 00000000 00000000'));
});

test('a datagram cut short gives the whole messages alone', () => {
  const one = encodeRequest({ type: 2, flags: 0, body: Buffer.alloc(4), what: '' }, 1);
  const answers = decodeAnswers(Buffer.concat([one, one.subarray(0, 18)]));
  expect(answers.map(({ type, sequence }) => [type, sequence])).toEqual([[2, 1]]);
});

test('a pair of interfaces is one message with the peer inside', () => {
  const peer = { name: 'eth0', mac: '02:42:ac:11:00:02', namespaceFd: 9 };
  const { body } = newVeth({ name: 'v0', bridge: 5, mtu: 1500, peer });
  expect(hex(body.subarray(0, 16))).toBe(packed('00000000 00000000 01000000 01000000'));
  const attributes = decodeAttributes(body.subarray(16));
  expect(attributes.get(10)?.readUInt32LE(0)).toBe(5);
  const info = decodeAttributes(attributes.get(18) ?? Buffer.alloc(0));
  expect(decodeText(info.get(1))).toBe('veth');
  const inner = decodeAttributes(info.get(2) ?? Buffer.alloc(0)).get(1) ?? Buffer.alloc(0);
  const peerAttributes = decodeAttributes(inner.subarray(16));
  expect(decodeText(peerAttributes.get(3))).toBe('eth0');
  expect(hex(peerAttributes.get(1) ?? Buffer.alloc(0))).toBe('0242ac110002');
  expect(peerAttributes.get(28)?.readUInt32LE(0)).toBe(9);
});

test('a bridge has its kind and address, an address its broadcast', () => {
  const bridge = decodeAttributes(newBridge({ name: 'b', mtu: 1400, mac: '02:42:00:00:00:01' }).body.subarray(16));
  expect(hex(bridge.get(1) ?? Buffer.alloc(0))).toBe('024200000001');
  const { body } = newAddress({ index: 3, address: '172.17.0.1', prefixLength: 16 });
  expect(hex(body.subarray(0, 8))).toBe(packed('02100000 03000000'));
  expect(hex(decodeAttributes(body.subarray(8)).get(4) ?? Buffer.alloc(0))).toBe('ac11ffff');
});

test('a default route is unicast in the main table', () => {
  const { body } = newDefaultRoute('172.17.0.1');
  expect(hex(body)).toBe(packed('02000000 fe030001 00000000 08000500ac110001'));
});

test('hairpin mode is an attribute of the bridge family', () => {
  expect(hex(setHairpin(4).body)).toBe(packed('07000000 04000000 0000000000000000 0c000c80 0500040001000000'));
});
