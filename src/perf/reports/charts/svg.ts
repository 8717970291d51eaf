/** Writes SVG as text: the same input gives the same bytes, so that a chart can be compared with a stored one. */

/** What an attribute may be; undefined leaves it out. Numbers are written with two decimals at most. */
export type AttributeValue = string | number | undefined;

/** Attributes of an element. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** An element; `children` are elements or {@linkcode escapeMarkup}ed text. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${attributeText(value ?? "")}"`).join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

function attributeText(value: string | number): string {
  return typeof value === "number" ? decimal(value) : escapeMarkup(value);
}

/** `value` with two decimals at most, and never `-0` or an exponent. */
export function decimal(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? "0" : String(rounded);
}

/** Text that is safe inside SVG, XML and HTML, in quotes too; characters that XML forbids become U+FFFD. */
export function escapeMarkup(text: string): string {
  return text.toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** A whole drawing of `width` by `height` pixels; it scales down in narrow pages. */
export function svgDocument(
  size: { readonly width: number; readonly height: number },
  title: string,
  children: readonly string[],
): string {
  const { width, height } = size;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "font-family": "DejaVu Sans, Verdana, sans-serif",
    },
    element("title", {}, escapeMarkup(title)),
    element("rect", { width, height, fill: "#ffffff" }),
    ...children.map((child) => `\n${child}`),
    "\n",
  );
}

/** How a {@linkcode label} looks. */
export interface LabelStyle {
  readonly size?: number;
  readonly colour?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly isBold?: boolean;
  /** Degrees, clockwise, around the label's own point. */
  readonly turn?: number;
  /** White around the letters, for text on top of lines. */
  readonly hasHalo?: boolean;
}

/** One line of text with its baseline at `x`, `y`. */
export function label(x: number, y: number, text: string, style: LabelStyle = {}): string {
  const { size = 13, colour = "#333333", anchor = "start", isBold = false, turn, hasHalo = false } = style;
  const attributes = {
    x,
    y,
    "font-size": size,
    fill: colour,
    "text-anchor": anchor === "start" ? undefined : anchor,
    "font-weight": isBold ? "bold" : undefined,
    stroke: hasHalo ? "#ffffff" : undefined,
    "stroke-width": hasHalo ? 3 : undefined,
    "paint-order": hasHalo ? "stroke" : undefined,
    transform: turn === undefined ? undefined : `rotate(${turn} ${decimal(x)} ${decimal(y)})`,
  };
  return element("text", attributes, escapeMarkup(text));
}

/** About how wide `text` is, in pixels; DejaVu Sans is wide, so other fonts need no more. */
export function textWidth(text: string, size = 13): number {
  return text.length * size * 0.61;
}

/** `text`, cut with an ellipsis where it would be wider than `width` pixels. */
export function fitText(text: string, width: number, size = 13): string {
  const chars = Math.max(1, Math.floor(width / (size * 0.61)));
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
