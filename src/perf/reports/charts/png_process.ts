/**
 * The process that turns SVG into PNG: the renderer is native code, which wants rights that the load tester itself
 * should not have. Reads one JSON array of SVG texts on stdin, writes one of base64 PNGs to stdout.
 */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
// @resvg/resvg-js: draws SVG without a browser; dejavu-fonts-ttf: the same letters on every machine.
import { Resvg } from "@resvg/resvg-js";

const fontFolder = "dejavu-fonts-ttf/ttf";

/** Draws `svg` at its own size with the font that comes along, and no other. */
function pngOf(svg: string, fontFiles: readonly string[]): string {
  const font = { loadSystemFonts: false, fontFiles: [...fontFiles], defaultFontFamily: "DejaVu Sans" };
  return Buffer.from(new Resvg(svg, { font }).render().asPng()).toString("base64");
}

function readSvgs(text: string): readonly string[] {
  const svgs: unknown = JSON.parse(text);
  if (!Array.isArray(svgs)) throw new TypeError("Cannot draw: stdin has to be a JSON array of SVG texts");
  return svgs.map(String);
}

if (import.meta.main) {
  const { resolve } = createRequire(import.meta.url);
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => resolve(`${fontFolder}/${file}`));
  const svgs = readSvgs(await new Response(Deno.stdin.readable).text());
  const pngs = JSON.stringify(svgs.map((svg) => pngOf(svg, fontFiles)));
  await new Response(pngs).body?.pipeTo(Deno.stdout.writable);
}
