import { utf8Length } from "../../core/utf8.ts";

/** One word of a command. */
export function encodeWord(text: string): string {
  return `$${utf8Length(text)}\r\n${text}\r\n`;
}

/** A command as RESP text. Encode the text as UTF-8: lone surrogates count as the three bytes they become there. */
export function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map(encodeWord).join("")}`;
}

/** The part of a PUBLISH that depends on the channel alone; worth keeping. {@linkcode encodePublish} adds the rest. */
export function publishHead(name: string, verb: "PUBLISH" | "SPUBLISH" = "PUBLISH"): string {
  return `*3\r\n${encodeWord(verb)}${encodeWord(name)}$`;
}

/** A whole PUBLISH from the head of its channel and a message of `bytes` bytes in UTF-8. */
export function encodePublish(head: string, message: string, bytes: number): string {
  return head + bytes + "\r\n" + message + "\r\n";
}
