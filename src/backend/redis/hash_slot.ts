/** Slots of a Redis Cluster; every name with the same tag in braces lies in the same one. */
const SLOTS = 16_384;
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** How many slots a Redis Cluster has. */
export const slotCount = SLOTS;

/** The slot of every name whose tag, the text between its braces, is `tag`: CRC16 (XMODEM) over its UTF-8. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(tag)) {
    crc = ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  }
  return crc % SLOTS;
}
